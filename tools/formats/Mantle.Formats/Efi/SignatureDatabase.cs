using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Efi;

/// <summary>
/// The content of PK, KEK, db, dbx or dbt: signature lists, one behind the other (UEFI 2.10, 32.4.1). Reading is strict: a list ends where its size
/// says, so that what one reader takes for an entry no other takes for a header.
/// </summary>
public static class SignatureDatabase
{
    /// <summary>Far beyond what any firmware stores in a variable, in bytes.</summary>
    public const int MaximumSize = 1 << 20;

    internal const string Format = "efi signature list";

    private const int HeaderSize = 28;

    /// <summary>Reads lists that fill the bytes, which are not copied. No bytes are no lists.</summary>
    /// <exception cref="MalformedInputException">They are no such lists.</exception>
    public static IReadOnlyList<SignatureList> Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaximumSize)
        {
            throw new MalformedInputException(Format, MaximumSize, $"{bytes.Length} bytes are more than the largest variable, {MaximumSize} bytes");
        }

        List<SignatureList> lists = [];
        for (int at = 0; at < bytes.Length;)
        {
            lists.Add(ReadList(bytes, ref at));
        }

        return lists;
    }

    /// <summary>The bytes of lists, one behind the other.</summary>
    /// <exception cref="ArgumentException">A list has no entries, or entries of different sizes.</exception>
    public static byte[] Write(params IEnumerable<SignatureList> lists)
    {
        using MemoryStream output = new();
        Span<byte> header = stackalloc byte[HeaderSize];
        foreach (SignatureList list in lists)
        {
            int size = list.Entries.Count == 0 ? 0 : list.Entries[0].Data.Length;
            int fixedSize = EfiGuids.DataSize(list.Type);
            if (size == 0 || list.Entries.Any(entry => entry.Data.Length != size) || (fixedSize != 0 && fixedSize != size))
            {
                throw new ArgumentException($"a list of type {EfiGuids.NameOfType(list.Type)} needs entries, all of the type's size", nameof(lists));
            }

            list.Type.TryWriteBytes(header);
            int entrySize = SignatureEntry.OwnerSize + size;
            BinaryPrimitives.WriteInt32LittleEndian(header[16..], HeaderSize + list.Header.Length + (list.Entries.Count * entrySize));
            BinaryPrimitives.WriteInt32LittleEndian(header[20..], list.Header.Length);
            BinaryPrimitives.WriteInt32LittleEndian(header[24..], entrySize);
            output.Write(header);
            output.Write(list.Header.Span);
            foreach (SignatureEntry entry in list.Entries)
            {
                output.Write(entry.ToArray());
            }
        }

        return output.ToArray();
    }

    private static SignatureList ReadList(ReadOnlyMemory<byte> bytes, ref int at)
    {
        SpanReader reader = new(bytes.Span[at..], Format, at);
        Guid type = reader.ReadGuid();
        uint listSize = reader.ReadUInt32LittleEndian();
        uint headerSize = reader.ReadUInt32LittleEndian();
        uint entrySize = reader.ReadUInt32LittleEndian();
        int available = bytes.Length - at;
        long entriesSize = (long)listSize - HeaderSize - headerSize;
        if (listSize > available || entriesSize < 0)
        {
            throw new MalformedInputException(Format, at + 16, $"a list of {listSize} bytes with a header of {headerSize} does not fit the {available} that are left");
        }

        int dataSize = EfiGuids.DataSize(type);
        if (entrySize <= SignatureEntry.OwnerSize || (dataSize != 0 && entrySize != SignatureEntry.OwnerSize + dataSize))
        {
            throw new MalformedInputException(Format, at + 24, $"entries of {entrySize} bytes in a list of type {EfiGuids.NameOfType(type)}");
        }

        if (entriesSize == 0 || entriesSize % entrySize != 0)
        {
            throw new MalformedInputException(Format, at + 16, $"{entriesSize} bytes are not one or more entries of {entrySize}");
        }

        int entriesAt = at + HeaderSize + (int)headerSize;
        SignatureEntry[] entries = new SignatureEntry[entriesSize / entrySize];
        for (int i = 0; i < entries.Length; i++)
        {
            ReadOnlyMemory<byte> entry = bytes.Slice(entriesAt + (i * (int)entrySize), (int)entrySize);
            entries[i] = new(new Guid(entry.Span[..SignatureEntry.OwnerSize]), entry[SignatureEntry.OwnerSize..]);
        }

        SignatureList list = new(type, bytes.Slice(at + HeaderSize, (int)headerSize), entries);
        at += (int)listSize;
        return list;
    }
}
