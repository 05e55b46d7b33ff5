using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Packages;

/// <summary>
/// Writes a file and takes its <see cref="ChunkDigests"/> on the way. Hashing and writing run on another thread while the caller, a decompressor,
/// fills the other buffer.
/// </summary>
internal sealed class ChunkedWriter(SafeFileHandle file) : Stream
{
    private const int BufferLength = 16 * ChunkDigests.ChunkLength;

    private readonly MemoryStream _digests = new();
    private byte[] _filling = new byte[BufferLength];
    private byte[] _writing = new byte[BufferLength];
    private Task _pending = Task.CompletedTask;
    private int _filled;
    private long _position;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _position + _filled;

    public override long Position
    {
        get => Length;
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = Math.Min(buffer.Length, BufferLength - _filled);
            buffer[..count].CopyTo(_filling.AsSpan(_filled));
            buffer = buffer[count..];
            _filled += count;
            if (_filled == BufferLength)
            {
                HandOver();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Ends the file. No write may follow.</summary>
    public ChunkDigests Complete()
    {
        HandOver();
        _pending.GetAwaiter().GetResult();
        return new ChunkDigests(_digests.ToArray());
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // The file is closed next: nothing may still be writing to it. What that write met no longer matters to anyone.
            _pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
            _digests.Dispose();
        }

        base.Dispose(disposing);
    }

    private void HandOver()
    {
        _pending.GetAwaiter().GetResult();
        (_filling, _writing) = (_writing, _filling);
        byte[] bytes = _writing;
        int count = _filled;
        long offset = _position;
        _position += count;
        _filled = 0;
        _pending = Task.Run(() => HashAndWrite(bytes.AsSpan(0, count), offset));
    }

    private void HashAndWrite(ReadOnlySpan<byte> bytes, long offset)
    {
        RandomAccess.Write(file, bytes, offset);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        for (int at = 0; at < bytes.Length; at += ChunkDigests.ChunkLength)
        {
            SHA256.HashData(bytes.Slice(at, Math.Min(ChunkDigests.ChunkLength, bytes.Length - at)), digest);
            _digests.Write(digest);
        }
    }
}
