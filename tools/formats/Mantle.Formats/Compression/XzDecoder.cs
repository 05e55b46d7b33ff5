using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using SharpCompress.Compressors.LZMA;

namespace Mantle.Formats.Compression;

/// <summary>
/// Decompresses one xz stream (xz-file-format 1.2.1) from front to back and stops exactly behind it, which is where Linux goes on in an
/// initrd. The library decodes LZMA2; headers, checks, index and footer are verified here. Filters: LZMA2, or x86 before it.
/// </summary>
internal sealed class XzDecoder(DecoderInput input, long maximumDictionary) : IDisposable
{
    private const string Format = "xz";
    private const int HeaderLength = 12;
    private const int FilterWindowLength = 1 << 16;

    private static ReadOnlySpan<byte> Magic => [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0];

    private readonly List<(ulong Unpadded, ulong Length)> _blocks = [];
    private readonly byte[] _flags = new byte[2];
    private Block? _block;
    private bool _isStarted;
    private bool _isFinished;

    /// <summary>Reads the next uncompressed bytes; 0 only behind the footer.</summary>
    public int Read(byte[] buffer, int offset, int count)
    {
        if (!_isStarted)
        {
            ReadHeader();
        }

        while (!_isFinished)
        {
            if (_block is null && !TryOpenBlock())
            {
                _isFinished = true;
                break;
            }

            int read = _block!.Read(buffer, offset, count);
            if (read > 0)
            {
                return read;
            }

            _blocks.Add(_block.Finish());
            _block.Dispose();
            _block = null;
        }

        return 0;
    }

    public void Dispose() => _block?.Dispose();

    private MalformedInputException Malformed(string problem) => new(Format, input.Position, problem);

    private void ReadHeader()
    {
        _isStarted = true;
        byte[] header = new byte[HeaderLength];
        input.ReadExactly(header);
        if (!header.AsSpan(0, Magic.Length).SequenceEqual(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)) != Crc32.Of(header.AsSpan(6, 2)))
        {
            throw Malformed("stream header is damaged");
        }

        if (header[6] != 0 || XzCheck.Length(header[7]) < 0)
        {
            throw MalformedInputException.Unsupported(Format, input.Position, $"check 0x{header[7]:x2}");
        }

        header.AsSpan(6, 2).CopyTo(_flags);
    }

    private bool TryOpenBlock()
    {
        long start = input.Position;
        int length = input.ReadByte();
        if (length == 0)
        {
            ReadIndex(start);
            return false;
        }

        _block = new Block(input, start, XzBlockHeader.Read(input, length, maximumDictionary), _flags[1]);
        return true;
    }

    private void ReadIndex(long start)
    {
        List<byte> index = [0];
        ulong count = XzInteger.Read(input, index);
        if (count != (ulong)_blocks.Count)
        {
            throw Malformed($"index has {count} records for {_blocks.Count} blocks");
        }

        foreach ((ulong unpadded, ulong length) in _blocks)
        {
            if (XzInteger.Read(input, index) != unpadded || XzInteger.Read(input, index) != length)
            {
                throw Malformed("index does not describe the blocks");
            }
        }

        while (index.Count % 4 != 0)
        {
            index.Add((byte)input.ReadByte());
            if (index[^1] != 0)
            {
                throw Malformed("index is padded with other bytes than zeros");
            }
        }

        byte[] end = new byte[4 + HeaderLength];
        input.ReadExactly(end);
        long indexLength = index.Count + 4;
        if (BinaryPrimitives.ReadUInt32LittleEndian(end) != Crc32.Of(index.ToArray()))
        {
            throw Malformed("checksum of the index is wrong");
        }

        // 2.1.2: CRC-32, size of the index in units of four bytes less one, flags, magic.
        ReadOnlySpan<byte> footer = end.AsSpan(4);
        if (BinaryPrimitives.ReadUInt32LittleEndian(footer) != Crc32.Of(footer.Slice(4, 6))
            || (BinaryPrimitives.ReadUInt32LittleEndian(footer[4..]) + 1L) * 4 != indexLength
            || !footer.Slice(8, 2).SequenceEqual(_flags)
            || !footer[10..].SequenceEqual("YZ"u8))
        {
            throw new MalformedInputException(Format, start + indexLength, "stream footer is damaged");
        }
    }

    /// <summary>A block that is being decompressed.</summary>
    private sealed class Block : IDisposable
    {
        private readonly DecoderInput _input;
        private readonly long _start;
        private readonly long _dataStart;
        private readonly XzBlockHeader _header;
        private readonly int _checkKind;
        private readonly XzCheck _check;
        private readonly LzmaStream _lzma;
        private readonly X86BranchFilter? _filter;
        private readonly byte[] _window = []; // for the filter: converted up to _final, taken up to _next
        private int _next;
        private int _final;
        private int _filled;
        private ulong _length;

        public Block(DecoderInput input, long start, XzBlockHeader header, int checkKind)
        {
            _input = input;
            _start = start;
            _dataStart = input.Position;
            _header = header;
            _checkKind = checkKind;
            _check = new XzCheck(checkKind);
            if (header.HasX86Filter)
            {
                _filter = new X86BranchFilter();
                _window = new byte[FilterWindowLength];
            }

            _lzma = LzmaStream.Create([header.Dictionary], input, -1, -1, null, isLzma2: true, leaveOpen: true);
        }

        public int Read(byte[] buffer, int offset, int count)
        {
            int read = _filter is null ? _lzma.Read(buffer, offset, count) : ReadFiltered(buffer.AsSpan(offset, count));
            _check.Add(buffer.AsSpan(offset, read));
            _length += (ulong)read;
            return read;
        }

        /// <summary>Verifies what follows the data, and says what the index must say.</summary>
        public (ulong Unpadded, ulong Length) Finish()
        {
            long end = _input.Position;
            if ((_header.Length ?? _length) != _length || (_header.PackedLength ?? (ulong)(end - _dataStart)) != (ulong)(end - _dataStart))
            {
                throw new MalformedInputException(Format, _start, "block is not as long as its header says");
            }

            while ((_input.Position - _start) % 4 != 0)
            {
                if (_input.ReadByte() != 0)
                {
                    throw new MalformedInputException(Format, end, "block is padded with other bytes than zeros");
                }
            }

            byte[] stored = new byte[XzCheck.Length(_checkKind)];
            _input.ReadExactly(stored);
            return _check.Matches(stored)
                ? ((ulong)(end - _start + stored.Length), _length)
                : throw new MalformedInputException(Format, _start, "check of a block is wrong");
        }

        public void Dispose()
        {
            _check.Dispose();
            _lzma.Dispose();
        }

        // The filter holds back up to four bytes; they come first in the next round.
        private int ReadFiltered(Span<byte> destination)
        {
            while (_next == _final)
            {
                _window.AsSpan(_final, _filled - _final).CopyTo(_window);
                _filled -= _final;
                int read = _lzma.Read(_window, _filled, _window.Length - _filled);
                _filled += read;
                _next = 0;
                _final = read == 0 ? _filled : _filter!.Convert(_window.AsSpan(0, _filled));
                if (read == 0 && _final == 0)
                {
                    return 0;
                }
            }

            int count = Math.Min(destination.Length, _final - _next);
            _window.AsSpan(_next, count).CopyTo(destination);
            _next += count;
            return count;
        }
    }
}
