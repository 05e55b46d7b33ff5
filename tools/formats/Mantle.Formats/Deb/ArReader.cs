using Mantle.Formats.Bytes;

namespace Mantle.Formats.Deb;

/// <summary>
/// Reads the members of a Unix archive as ar(5) and deb(5) describe it: an 8-byte magic, then members, each a 60-byte header of
/// space-padded text fields and a content that is padded to an even length by one newline.
/// Extended names (GNU <c>//</c>, BSD <c>#1/</c>) do not occur in packages and are refused.
/// </summary>
public static class ArReader
{
    private const string Format = "ar";
    private const int MagicLength = 8;
    private const int HeaderLength = 60;

    private static ReadOnlySpan<byte> Magic => "!<arch>\n"u8;

    /// <summary>Every member in file order; contents are slices of <paramref name="source"/>.</summary>
    /// <exception cref="MalformedInputException">The bytes are no archive, or something follows its last member.</exception>
    public static IReadOnlyList<ArMember> Read(ByteSource source)
    {
        if (!source.ReadBytes(0, MagicLength, Format).AsSpan().SequenceEqual(Magic))
        {
            throw new MalformedInputException(Format, 0, "does not begin with \"!<arch>\"");
        }

        List<ArMember> members = [];
        for (long offset = MagicLength; offset < source.Length;)
        {
            ArMember member = ReadMember(source, offset);
            members.Add(member);
            offset += HeaderLength + member.Content.Length;
            if (member.Content.Length % 2 != 0)
            {
                if (source.ReadBytes(offset, 1, Format)[0] != '\n')
                {
                    throw new MalformedInputException(Format, offset, $"padding after member \"{member.Name}\" is not a newline");
                }

                offset++;
            }
        }

        return members;
    }

    private static ArMember ReadMember(ByteSource source, long offset)
    {
        SpanReader header = new(source.ReadBytes(offset, HeaderLength, Format), Format, offset);
        string name = ReadName(ref header);
        ReadNumber(ref header, 12, 10, "modification time");
        ReadNumber(ref header, 6, 10, "owner");
        ReadNumber(ref header, 6, 10, "group");
        ReadNumber(ref header, 8, 8, "mode");
        long length = ReadNumber(ref header, 10, 10, "size");
        if (!header.ReadBytes(2).SequenceEqual("`\n"u8))
        {
            throw new MalformedInputException(Format, offset + HeaderLength - 2, $"header of member \"{name}\" does not end with its magic");
        }

        long start = offset + HeaderLength;
        if (length > source.Length - start)
        {
            throw new MalformedInputException(Format, offset, $"member \"{name}\" of {length} bytes runs past the end");
        }

        return new ArMember(name, start, source.Slice(start, length));
    }

    private static string ReadName(ref SpanReader header)
    {
        long offset = header.Offset;
        ReadOnlySpan<byte> field = header.ReadBytes(16).TrimEnd((byte)' ');

        // deb(5): "The file names might contain a trailing slash".
        if (field.EndsWith("/"u8))
        {
            field = field[..^1];
        }

        if (field.IsEmpty || field.ContainsAnyExceptInRange((byte)'!', (byte)'~') || field.Contains((byte)'/'))
        {
            throw new MalformedInputException(Format, offset, "member name is empty, extended or not printable");
        }

        return System.Text.Encoding.ASCII.GetString(field);
    }

    private static long ReadNumber(ref SpanReader header, int width, int radix, string what)
    {
        long offset = header.Offset;
        ReadOnlySpan<byte> digits = header.ReadBytes(width).TrimEnd((byte)' ');
        long number = 0;
        foreach (byte digit in digits)
        {
            int value = digit - '0';
            if (value < 0 || value >= radix)
            {
                throw new MalformedInputException(Format, offset, $"{what} is not a number of base {radix}");
            }

            number = (number * radix) + value;
        }

        return digits.IsEmpty ? throw new MalformedInputException(Format, offset, $"{what} is empty") : number;
    }
}
