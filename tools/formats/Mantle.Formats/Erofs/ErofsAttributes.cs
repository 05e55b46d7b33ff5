using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs;

/// <summary>
/// Extended attributes as they follow an inode: a header of 12 bytes, references to shared attributes, then entries of
/// name length, prefix index, value length, name without prefix, value; each entry padded to 4 bytes.
/// </summary>
internal static class ErofsAttributes
{
    private static readonly (byte Index, string Prefix, bool IsWholeName)[] s_prefixes =
    [
        (1, "user.", false),
        (2, "system.posix_acl_access", true),
        (3, "system.posix_acl_default", true),
        (4, "trusted.", false),
        (6, "security.", false),
    ];

    /// <summary>Longest body: the count in the inode has 16 bits.</summary>
    public const int MaximumBodyLength = ErofsFormat.AttributeBodyHeaderLength + ((ushort.MaxValue - 1) * ErofsFormat.AttributeUnit);

    /// <summary>The built-in prefix of an index; null for an index that has none.</summary>
    public static (string Prefix, bool IsWholeName)? Prefix(int index)
    {
        foreach ((byte known, string prefix, bool isWholeName) in s_prefixes)
        {
            if (known == index)
            {
                return (prefix, isWholeName);
            }
        }

        return null;
    }

    /// <summary>Encodes a body; empty for no attributes.</summary>
    /// <exception cref="ArgumentException">An attribute cannot be stored.</exception>
    public static byte[] Encode(SortedDictionary<string, byte[]> attributes)
    {
        if (attributes.Count == 0)
        {
            return [];
        }

        List<(byte Index, byte[] Name, byte[] Value)> entries = [.. attributes.Select(pair => Split(pair.Key, pair.Value))];
        long length = ErofsFormat.AttributeBodyHeaderLength + entries.Sum(e => EntryLength(e.Name.Length, e.Value.Length));
        if (length > MaximumBodyLength)
        {
            throw new ArgumentException($"extended attributes take {length} bytes, at most {MaximumBodyLength} fit");
        }

        byte[] body = new byte[length];
        Span<byte> rest = body.AsSpan(ErofsFormat.AttributeBodyHeaderLength);
        foreach ((byte index, byte[] name, byte[] value) in entries)
        {
            rest[0] = (byte)name.Length;
            rest[1] = index;
            BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], (ushort)value.Length);
            name.CopyTo(rest[ErofsFormat.AttributeEntryHeaderLength..]);
            value.CopyTo(rest[(ErofsFormat.AttributeEntryHeaderLength + name.Length)..]);
            rest = rest[(int)EntryLength(name.Length, value.Length)..];
        }

        return body;
    }

    /// <summary>Bytes that an entry takes, padding included.</summary>
    public static long EntryLength(int nameLength, int valueLength) =>
        ErofsFormat.RoundUp(ErofsFormat.AttributeEntryHeaderLength + nameLength + valueLength, ErofsFormat.AttributeUnit);

    private static (byte Index, byte[] Name, byte[] Value) Split(string name, byte[] value)
    {
        foreach ((byte index, string prefix, bool isWholeName) in s_prefixes)
        {
            if (isWholeName ? name != prefix : name.Length <= prefix.Length || !name.StartsWith(prefix, StringComparison.Ordinal))
            {
                continue;
            }

            byte[] suffix = LinuxText.Encode(name[prefix.Length..]);
            return suffix.Length > byte.MaxValue || suffix.Contains((byte)0)
                ? throw new ArgumentException($"extended attribute name \"{name}\" is too long or holds a NUL")
                : value.Length > ushort.MaxValue
                ? throw new ArgumentException($"extended attribute \"{name}\" has {value.Length} bytes, at most {ushort.MaxValue} fit")
                : (index, suffix, value);
        }

        throw new ArgumentException($"extended attribute \"{name}\" has no prefix that erofs knows");
    }
}
