using Mantle.Formats.Bytes;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>
/// A file that is being written from front to back. Reading waits until what is read is there, so that it can be hashed while it is written, and what is
/// hashed is what stands in the file and not what it was made of.
/// </summary>
internal sealed class GrowingFile(SafeFileHandle file, long length) : ByteSource
{
    private readonly object _grown = new();
    private readonly ByteSource _content = FromFile(file);
    private long _written;
    private bool _isAbandoned;

    /// <inheritdoc/>
    public override long Length => length;

    /// <summary>Everything before an offset is written and will not change.</summary>
    public void Advance(long written)
    {
        lock (_grown)
        {
            Volatile.Write(ref _written, written);
            Monitor.PulseAll(_grown);
        }
    }

    /// <summary>Nothing more will be written; who waits fails.</summary>
    public void Abandon()
    {
        lock (_grown)
        {
            _isAbandoned = true;
            Monitor.PulseAll(_grown);
        }
    }

    /// <inheritdoc/>
    protected override void ReadCore(long offset, Span<byte> destination)
    {
        if (Volatile.Read(ref _written) < offset + destination.Length)
        {
            WaitFor(offset + destination.Length);
        }

        _content.ReadExactly(offset, destination);
    }

    private void WaitFor(long end)
    {
        lock (_grown)
        {
            while (_written < end)
            {
                if (_isAbandoned)
                {
                    throw new IOException("the file was not written to its end");
                }

                Monitor.Wait(_grown);
            }
        }
    }
}
