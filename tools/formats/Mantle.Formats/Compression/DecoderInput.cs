using Mantle.Formats.Bytes;

namespace Mantle.Formats.Compression;

/// <summary>
/// The compressed bytes as a decoder reads them: buffered, with a position that is exact, and with an exception at the end. Decoders that
/// get an end of file where they expect a byte go on with bytes that they make up, some of them for ever.
/// </summary>
internal sealed class DecoderInput(ByteSource source) : Stream
{
    private const int MaximumBufferLength = 1 << 16;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(source.Length, MaximumBufferLength));
    private long _bufferStart;
    private int _next;
    private int _filled;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => source.Length;

    public override long Position
    {
        get => _bufferStart + _next;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            if (value >= _bufferStart && value <= _bufferStart + _filled)
            {
                _next = (int)(value - _bufferStart);
                return;
            }

            _bufferStart = value;
            _next = _filled = 0;
        }
    }

    /// <summary>Bytes that are left.</summary>
    public long Remaining => Math.Max(0, source.Length - Position);

    /// <summary>The next bytes, at least one. They are taken by a change of <see cref="Position"/>.</summary>
    public ReadOnlySpan<byte> Window
    {
        get
        {
            Fill();
            return _buffer.AsSpan(_next, _filled - _next);
        }
    }

    public override int ReadByte()
    {
        Fill();
        return _buffer[_next++];
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        Fill();
        int count = Math.Min(buffer.Length, _filled - _next);
        _buffer.AsSpan(_next, count).CopyTo(buffer);
        _next += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => source.Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Fill()
    {
        if (_next < _filled)
        {
            return;
        }

        _bufferStart += _next;
        _next = 0;
        _filled = (int)Math.Clamp(source.Length - _bufferStart, 0, _buffer.Length);
        if (_filled == 0)
        {
            throw new EndOfStreamException("compressed data ends too early");
        }

        source.ReadExactly(_bufferStart, _buffer.AsSpan(0, _filled));
    }
}
