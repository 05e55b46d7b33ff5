using Mantle.Formats.Bytes;
using Microsoft.Win32.SafeHandles;

namespace Mantle.Formats.Compression;

/// <summary>
/// Takes bytes of unknown length, up to a limit, and gives them back as a source: in memory as long as they are few, then in a file
/// that has no name from the moment it is made, so that nothing is left behind however the process ends.
/// </summary>
internal sealed class Spool(string format, DecompressionOptions options) : IDisposable
{
    private const int MaximumInMemory = 4 << 20;
    private const int FileBufferLength = 1 << 20;

    private byte[] _memory = [];
    private int _filled; // of the memory, which with a file is its buffer
    private SafeFileHandle? _file;
    private long _flushed;

    /// <summary>Bytes taken so far.</summary>
    public long Length => _flushed + _filled;

    /// <exception cref="MalformedInputException">The limit is passed.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > options.MaximumLength - Length)
        {
            throw new MalformedInputException(format, 0, $"more than the {options.MaximumLength} bytes that are accepted come out of the decompressor");
        }

        while (!bytes.IsEmpty)
        {
            if (_filled == _memory.Length)
            {
                MakeRoom(bytes.Length);
            }

            int count = Math.Min(bytes.Length, _memory.Length - _filled);
            bytes[..count].CopyTo(_memory.AsSpan(_filled));
            _filled += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>All bytes. They are there until this object is disposed of.</summary>
    public ByteSource ToSource()
    {
        if (_file is null)
        {
            Array.Resize(ref _memory, _filled);
            return ByteSource.FromMemory(_memory);
        }

        Flush();
        _memory = [];
        return ByteSource.FromFile(_file);
    }

    public void Dispose() => _file?.Dispose();

    private void MakeRoom(int wanted)
    {
        if (_file is null && (options.SpoolFolder is null || _filled < MaximumInMemory))
        {
            long room = Math.Min(Math.Max(2L * _filled, Math.Max(wanted, 1 << 12)), Array.MaxLength);
            Array.Resize(ref _memory, (int)Math.Max(room, _filled + 1));
            return;
        }

        if (_file is null)
        {
            Directory.CreateDirectory(options.SpoolFolder!);
            string path = Path.Combine(options.SpoolFolder!, $".spool-{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}");
            _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            File.Delete(path);
        }

        Flush();
        Array.Resize(ref _memory, FileBufferLength);
    }

    private static int s_number;

    private void Flush()
    {
        RandomAccess.Write(_file!, _memory.AsSpan(0, _filled), _flushed);
        _flushed += _filled;
        _filled = 0;
    }
}
