using System.Buffers.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Deb;

/// <summary>
/// The records of a pax extended header (POSIX.1-2024, pax, "pax Extended Header"): <c>length SP keyword = value LF</c>, where the length is that of
/// the whole record in decimal. Extended attributes come as <c>SCHILY.xattr.NAME</c>, their values as bytes.
/// </summary>
internal sealed class PaxRecords
{
    /// <summary>What an entry without attributes has.</summary>
    public static readonly IReadOnlyDictionary<string, byte[]> None = new Dictionary<string, byte[]>();

    private const string Format = "tar";
    private const string AttributePrefix = "SCHILY.xattr.";

    private readonly Dictionary<string, byte[]> _attributes = [];

    private PaxRecords()
    {
    }

    public string? Path { get; private set; }

    public string? LinkPath { get; private set; }

    public long? Size { get; private set; }

    public uint? UserId { get; private set; }

    public uint? GroupId { get; private set; }

    public long? ModifiedSeconds { get; private set; }

    public IReadOnlyDictionary<string, byte[]> ExtendedAttributes => _attributes;

    /// <summary>Reads the records.</summary>
    /// <param name="bytes">Content of the extended header.</param>
    /// <param name="end">Offset of the content's end in the archive, for messages.</param>
    public static PaxRecords Read(ReadOnlySpan<byte> bytes, long end)
    {
        PaxRecords records = new();
        HashSet<string> seen = [];
        while (!bytes.IsEmpty)
        {
            if (!Utf8Parser.TryParse(bytes, out int length, out int digits) || digits is 0 or > 7 || bytes[0] is < (byte)'1' or > (byte)'9'
                || length > bytes.Length || length < digits + 4 || bytes[digits] != ' ' || bytes[length - 1] != '\n')
            {
                throw new MalformedInputException(Format, end, "extended header has a malformed record length");
            }

            ReadOnlySpan<byte> record = bytes[(digits + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                throw new MalformedInputException(Format, end, "extended header has a record without a keyword");
            }

            string keyword = TarReader.DecodeName(record[..equals]);
            if (!seen.Add(keyword))
            {
                throw new MalformedInputException(Format, end, $"extended header has \"{keyword}\" twice");
            }

            records.Set(keyword, record[(equals + 1)..], end);
            bytes = bytes[length..];
        }

        return records;
    }

    private void Set(string keyword, ReadOnlySpan<byte> value, long end)
    {
        switch (keyword)
        {
            case "path":
                Path = TarReader.DecodeName(value);
                break;
            case "linkpath":
                LinkPath = TarReader.DecodeName(value);
                break;
            case "size":
                Size = ReadNumber(keyword, value, long.MaxValue, end);
                break;
            case "uid":
                UserId = (uint)ReadNumber(keyword, value, uint.MaxValue, end);
                break;
            case "gid":
                GroupId = (uint)ReadNumber(keyword, value, uint.MaxValue, end);
                break;
            case "mtime":
                int point = value.IndexOf((byte)'.');
                ModifiedSeconds = ReadNumber(keyword, point < 0 ? value : value[..point], long.MaxValue, end);
                break;
            case "atime" or "ctime" or "uname" or "gname" or "comment":
                // Not part of a file tree.
                break;
            default:
                if (!keyword.StartsWith(AttributePrefix, StringComparison.Ordinal) || keyword.Length == AttributePrefix.Length)
                {
                    throw new MalformedInputException(Format, end, $"extended header has the unknown keyword \"{keyword}\"");
                }

                _attributes.Add(keyword[AttributePrefix.Length..], value.ToArray());
                break;
        }
    }

    private static long ReadNumber(string keyword, ReadOnlySpan<byte> value, long maximum, long end) =>
        Utf8Parser.TryParse(value, out long number, out int consumed)
        && consumed == value.Length && value[0] is >= (byte)'0' and <= (byte)'9' && number <= maximum
            ? number
            : throw new MalformedInputException(Format, end, $"extended header's \"{keyword}\" is not a number up to {maximum}");
}
