using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Deb;

/// <summary>
/// Reads a tar archive entry by entry, without its contents: the ustar and pax interchange formats (POSIX.1-2024, pax), and GNU's long names
/// and base-256 numbers. The library's reader is no use here: it makes text of extended attributes, which are bytes, and replaces the bytes
/// of a name that are no UTF-8. Everything ambiguous is refused: sparse files, global headers, unknown keywords, bytes after the end mark.
/// </summary>
internal sealed class TarReader(ByteSource source)
{
    /// <summary>Unit of a tar archive in bytes.</summary>
    public const int BlockLength = 512;

    private const string Format = "tar";
    private const int MaximumNameLength = 4096;
    private const int MaximumExtendedHeaderLength = 1 << 20;

    private readonly byte[] _block = new byte[BlockLength];
    private long _position;

    /// <summary>The next entry, or null at the end of the archive.</summary>
    /// <exception cref="MalformedInputException">The archive is malformed, truncated or uses what is not accepted.</exception>
    public TarEntry? Next()
    {
        string? longName = null;
        string? longLink = null;
        PaxRecords? extended = null;
        while (true)
        {
            long headerOffset = _position;
            if (!ReadBlock(headerOffset))
            {
                if (longName is not null || longLink is not null || extended is not null)
                {
                    throw new MalformedInputException(Format, headerOffset, "archive ends after an extension header");
                }

                CheckEnd(headerOffset);
                return null;
            }

            TarHeader header = TarHeader.Read(_block, headerOffset);
            _position = headerOffset + BlockLength;
            switch (header.Type)
            {
                case 'L' when longName is null:
                    longName = ReadLongName(header);
                    break;
                case 'K' when longLink is null:
                    longLink = ReadLongName(header);
                    break;
                case 'x' when extended is null:
                    extended = PaxRecords.Read(ReadExtension(header, MaximumExtendedHeaderLength), _position);
                    break;
                case 'L' or 'K' or 'x':
                    throw new MalformedInputException(Format, headerOffset, $"second extension header \"{header.Type}\" for one entry");
                default:
                    return Complete(header, longName, longLink, extended);
            }
        }
    }

    private TarEntry Complete(TarHeader header, string? longName, string? longLink, PaxRecords? extended)
    {
        if (header.Type is < '0' or > '6')
        {
            throw new MalformedInputException(Format, header.Offset, $"entry type \"{header.Type}\" (0x{(int)header.Type:x2}) is not accepted");
        }

        string name = extended?.Path ?? longName ?? header.Name;
        long length = extended?.Size ?? header.Size;
        if (length != 0 && header.Type != '0')
        {
            throw new MalformedInputException(Format, header.Offset, $"\"{name}\" is no regular file but has {length} bytes of content");
        }

        long content = _position;
        long padded = PaddedLength(length, header.Offset);
        _position += padded;
        return new TarEntry
        {
            Type = header.Type,
            Name = name,
            LinkName = extended?.LinkPath ?? longLink ?? header.LinkName,
            Mode = header.Mode,
            UserId = extended?.UserId ?? header.UserId,
            GroupId = extended?.GroupId ?? header.GroupId,
            ModifiedSeconds = extended?.ModifiedSeconds ?? header.ModifiedSeconds,
            DeviceMajor = header.DeviceMajor,
            DeviceMinor = header.DeviceMinor,
            HeaderOffset = header.Offset,
            ContentOffset = content,
            ContentLength = length,
            ExtendedAttributes = extended?.ExtendedAttributes ?? PaxRecords.None,
        };
    }

    private string ReadLongName(TarHeader header)
    {
        ReadOnlySpan<byte> bytes = ReadExtension(header, MaximumNameLength + 1);
        if (bytes is not [.., 0] || bytes.IndexOf((byte)0) != bytes.Length - 1)
        {
            throw new MalformedInputException(Format, header.Offset, "long name does not end with its only NUL");
        }

        return DecodeName(bytes[..^1]);
    }

    private byte[] ReadExtension(TarHeader header, int maximumLength)
    {
        if (header.Size is 0 || header.Size > maximumLength)
        {
            throw new MalformedInputException(
                Format, header.Offset, $"extension header of {header.Size} bytes where 1 to {maximumLength} are accepted");
        }

        long padded = PaddedLength(header.Size, header.Offset);
        byte[] bytes = source.ReadBytes(_position, (int)header.Size, Format);
        _position += padded;
        return bytes;
    }

    private long PaddedLength(long length, long headerOffset)
    {
        long left = source.Length - _position;
        long padded = length > left ? long.MaxValue : (length + BlockLength - 1) / BlockLength * BlockLength;
        return padded <= left ? padded : throw new MalformedInputException(Format, headerOffset, $"content of {length} bytes runs past the end");
    }

    /// <summary>False: the block is all zeros.</summary>
    private bool ReadBlock(long offset)
    {
        if (offset > source.Length - BlockLength)
        {
            throw new MalformedInputException(Format, offset, "archive ends without its end mark");
        }

        source.ReadExactly(offset, _block);
        return _block.AsSpan().ContainsAnyExcept((byte)0);
    }

    /// <summary>Two zero blocks, then zeros to the end of the record.</summary>
    private void CheckEnd(long offset)
    {
        if (source.Length - offset < 2 * BlockLength)
        {
            throw new MalformedInputException(Format, offset, "end mark is one block where it is two");
        }

        byte[] buffer = new byte[(int)Math.Min(source.Length - offset, 1 << 16)];
        for (long at = offset; at < source.Length;)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(source.Length - at, buffer.Length));
            source.ReadExactly(at, part);
            if (part.ContainsAnyExcept((byte)0))
            {
                throw new MalformedInputException(Format, at + part.IndexOfAnyExcept((byte)0), "bytes follow the end mark");
            }

            at += part.Length;
        }
    }

    internal static string DecodeName(ReadOnlySpan<byte> bytes) =>
        Ascii.IsValid(bytes) ? Encoding.ASCII.GetString(bytes) : LinuxText.Decode(bytes);
}
