using Mantle.Formats.Bytes;

namespace Mantle.Formats.Deb;

/// <summary>The fixed 512-byte header of a tar entry (POSIX.1-2024, pax, table "ustar Header Block").</summary>
internal readonly record struct TarHeader
{
    private const string Format = "tar";

    private static ReadOnlySpan<byte> UstarMagic => "ustar\000"u8;

    private static ReadOnlySpan<byte> GnuMagic => "ustar  \0"u8;

    public required long Offset { get; init; }

    public required char Type { get; init; }

    public required string Name { get; init; }

    public required string LinkName { get; init; }

    public required int Mode { get; init; }

    public required uint UserId { get; init; }

    public required uint GroupId { get; init; }

    public required long Size { get; init; }

    public required long ModifiedSeconds { get; init; }

    public required uint DeviceMajor { get; init; }

    public required uint DeviceMinor { get; init; }

    public static TarHeader Read(ReadOnlySpan<byte> block, long offset)
    {
        SpanReader reader = new(block, Format, offset);
        ReadOnlySpan<byte> name = reader.ReadBytes(100);
        int mode = (int)ReadNumber(ref reader, 8, 0xFFFF, "mode");
        uint userId = (uint)ReadNumber(ref reader, 8, uint.MaxValue, "owner");
        uint groupId = (uint)ReadNumber(ref reader, 8, uint.MaxValue, "group");
        long size = ReadNumber(ref reader, 12, long.MaxValue, "size");
        long modified = ReadNumber(ref reader, 12, long.MaxValue, "modification time");
        CheckSum(block, ReadNumber(ref reader, 8, int.MaxValue, "checksum"), offset);
        char type = (char)reader.ReadByte();
        ReadOnlySpan<byte> linkName = reader.ReadBytes(100);
        ReadOnlySpan<byte> magic = reader.ReadBytes(8);
        reader.Skip(32 + 32);
        bool isDevice = type is '3' or '4';
        long major = isDevice ? ReadNumber(ref reader, 8, uint.MaxValue, "device major") : 0;
        long minor = isDevice ? ReadNumber(ref reader, 8, uint.MaxValue, "device minor") : 0;
        ReadOnlySpan<byte> prefix = block.Slice(345, 155);
        if (!magic.SequenceEqual(UstarMagic))
        {
            // GNU keeps times in the place of the prefix, and the oldest format keeps nothing there.
            prefix = [];
            if (!magic.SequenceEqual(GnuMagic) && magic.ContainsAnyExcept((byte)0))
            {
                throw new MalformedInputException(Format, offset + 257, "magic is neither that of ustar nor of GNU tar");
            }
        }

        string text = ReadText(name);
        return new TarHeader
        {
            Offset = offset,
            Type = type == '\0' ? '0' : type,
            Name = prefix is [] or [0, ..] ? text : $"{ReadText(prefix)}/{text}",
            LinkName = ReadText(linkName),
            Mode = mode,
            UserId = userId,
            GroupId = groupId,
            Size = size,
            ModifiedSeconds = modified,
            DeviceMajor = (uint)major,
            DeviceMinor = (uint)minor,
        };
    }

    private static string ReadText(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return TarReader.DecodeName(end < 0 ? field : field[..end]);
    }

    /// <summary>Octal digits, led by spaces and ended by a space or NUL; or, with the top bit set, GNU's big-endian binary.</summary>
    private static long ReadNumber(ref SpanReader reader, int width, long maximum, string what)
    {
        long offset = reader.Offset;
        ReadOnlySpan<byte> field = reader.ReadBytes(width);
        ulong number = 0;
        if (field[0] == 0x80)
        {
            foreach (byte next in field[1..])
            {
                number = number >> 55 != 0 ? ulong.MaxValue : (number << 8) | next;
            }
        }
        else
        {
            ReadOnlySpan<byte> digits = field.TrimStart((byte)' ').TrimEnd(" \0"u8);
            foreach (byte digit in digits)
            {
                number = digit is >= (byte)'0' and <= (byte)'7'
                    ? (number << 3) | (uint)(digit - '0')
                    : throw new MalformedInputException(Format, offset, $"{what} is not an octal number");
            }
        }

        return number <= (ulong)maximum ? (long)number : throw new MalformedInputException(Format, offset, $"{what} is larger than {maximum}");
    }

    /// <summary>The sum of all bytes, those of the checksum field taken as spaces.</summary>
    private static void CheckSum(ReadOnlySpan<byte> block, long expected, long offset)
    {
        int sum = 8 * ' ';
        for (int i = 0; i < block.Length; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : block[i];
        }

        if (sum != expected)
        {
            throw new MalformedInputException(Format, offset + 148, $"header checksum is {expected} where {sum} is right");
        }
    }
}
