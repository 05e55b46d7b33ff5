using System.Runtime.InteropServices;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Disk;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>
/// Copies a sparse file and changes some of its blocks. Where the file system can share blocks, nothing is copied (ioctl_ficlone(2)); else the kernel copies
/// what is not a hole (copy_file_range(2)); else it is read and written. The file can be read while it grows.
/// </summary>
internal sealed partial class SparseCopy : IDisposable
{
    private const nuint FICLONE = 0x40049409;
    private const int SEEK_DATA = 3;
    private const int SEEK_HOLE = 4;
    private const int ENXIO = 6;
    private const int CopySize = 1 << 26;
    private const int BufferSize = 1 << 20;

    private readonly SafeFileHandle _from;
    private readonly SafeFileHandle _to;
    private readonly GrowingFile _written;
    private bool _isByKernel = true;
    private Task _flushing = Task.CompletedTask;

    /// <param name="source">The file to copy.</param>
    /// <param name="target">The new file; it must not exist.</param>
    public SparseCopy(string source, string target)
    {
        _from = File.OpenHandle(source);
        _to = File.OpenHandle(target, FileMode.CreateNew, FileAccess.ReadWrite);
        long length = RandomAccess.GetLength(_from);
        RandomAccess.SetLength(_to, length);
        _written = new(_to, length);
    }

    /// <summary>The new file. Reading waits for what is not written yet; if writing fails, so does reading.</summary>
    public ByteSource Written => _written;

    /// <summary>Makes the new file's content and says how: <c>reflink</c>, <c>copy</c> or <c>write</c>.</summary>
    /// <param name="changes">What is different in it, in rising order.</param>
    /// <param name="cancellation">Ends it early; the new file is then unfinished.</param>
    public string Write(IReadOnlyList<ByteSource.Extent> changes, CancellationToken cancellation)
    {
        try
        {
            bool isShared = ioctl(_to, FICLONE, _from) == 0;
            long settled = changes.Count == 0 ? 0 : changes[^1].Offset + changes[^1].Source.Length;
            if (!isShared)
            {
                Copy(0, settled, cancellation);
            }

            foreach (ByteSource.Extent change in changes)
            {
                RandomAccess.Write(_to, change.Source.ToArray(), change.Offset);
            }

            _written.Advance(settled);
            if (!isShared)
            {
                Copy(settled, _written.Length, cancellation);
            }

            _written.Advance(_written.Length);

            // The disk writes while the processors check; it may make us wait.
            _flushing = Task.Run(() => DiskImage.StartFlush(_to), CancellationToken.None);
            return isShared ? "reflink" : _isByKernel ? "copy" : "write";
        }
        catch
        {
            _written.Abandon();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _written.Abandon();
        _flushing.GetAwaiter().GetResult();
        _from.Dispose();
        _to.Dispose();
    }

    /// <summary>Copies the data of a range, not its holes, and lets readers have what is behind the changes as it comes.</summary>
    private void Copy(long start, long end, CancellationToken cancellation)
    {
        for (long at = NextData(start); at < end; at = NextData(at))
        {
            for (long hole = NextHole(at, end); at < hole;)
            {
                cancellation.ThrowIfCancellationRequested();
                at += CopySome(at, (int)Math.Min(hole - at, CopySize));
                if (start > 0)
                {
                    _written.Advance(at);
                }
            }
        }
    }

    private int CopySome(long offset, int length)
    {
        long input = offset;
        long output = offset;
        if (_isByKernel && copy_file_range(_from, ref input, _to, ref output, (nuint)length, 0) is > 0 and nint copied)
        {
            return (int)copied;
        }

        // Two file systems, or none that can; or there is no room, and then writing says so.
        _isByKernel = false;
        byte[] buffer = GC.AllocateUninitializedArray<byte>(Math.Min(length, BufferSize));
        int count = RandomAccess.Read(_from, buffer, offset);
        RandomAccess.Write(_to, buffer.AsSpan(0, count), offset);
        return count > 0 ? count : throw new IOException("the image became shorter while it was copied");
    }

    // A file system that knows no holes has one behind the end (lseek(2)); one that cannot tell has data everywhere.
    private long NextData(long offset) => lseek(_from, offset, SEEK_DATA) is >= 0 and long data ? data
        : Marshal.GetLastPInvokeError() == ENXIO ? long.MaxValue
        : offset;

    private long NextHole(long offset, long end) => lseek(_from, offset, SEEK_HOLE) is >= 0 and long hole ? Math.Min(hole, end) : end;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, SafeFileHandle other);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint copy_file_range(SafeFileHandle input, ref long inputOffset, SafeFileHandle output, ref long outputOffset, nuint length, uint flags);
}
