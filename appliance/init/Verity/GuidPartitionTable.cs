using Mantle.Formats.Bytes;

namespace Mantle.Init.Verity;

/// <summary>
/// Where the primary GUID partition table of a disk has its entries (UEFI 2.10, 5.3.2).
/// </summary>
/// <remarks>
/// The kernel has parsed this table already, but 6.12 tells no program the UUIDs that it found. So the table is read once more,
/// for the UUIDs alone: the numbers, starts and lengths have to agree with the kernel's partitions. Checksums are the kernel's
/// matter; nothing here is trusted, for the root hash decides what the partitions may hold.
/// </remarks>
/// <param name="EntriesBlock">Logical block of the first entry.</param>
/// <param name="EntryCount">1 to 1024.</param>
/// <param name="EntryLength">Length of an entry in bytes, 128 to 4096.</param>
internal sealed record GuidPartitionTable(ulong EntriesBlock, int EntryCount, int EntryLength)
{
    /// <summary>Bytes of the header that are read, from the start of logical block 1.</summary>
    internal const int HeaderLength = 92;

    private const string Format = "gpt";

    /// <summary>Length of all entries, in bytes.</summary>
    internal int EntriesLength => EntryCount * EntryLength;

    /// <exception cref="MalformedInputException">The block holds no such header.</exception>
    internal static GuidPartitionTable ReadHeader(ReadOnlySpan<byte> block)
    {
        SpanReader reader = new(block, Format);
        Require(reader.ReadBytes(8).SequenceEqual("EFI PART"u8), 0, "signature is missing");
        Require(reader.ReadUInt32LittleEndian() == 0x00010000, 8, "revision is not 1.0");
        reader.Skip(12);
        Require(reader.ReadUInt64LittleEndian() == 1, 24, "header is not the primary one");
        reader.Skip(40);
        ulong entriesBlock = reader.ReadUInt64LittleEndian();
        uint count = reader.ReadUInt32LittleEndian();
        uint length = reader.ReadUInt32LittleEndian();
        Require(entriesBlock is >= 2 and <= long.MaxValue / 4096, 72, "entries lie in an impossible place");
        Require(count is >= 1 and <= 1024, 80, "number of entries is not 1 to 1024");
        Require(length is >= 128 and <= 4096 && length % 8 == 0, 84, "entries are not of 128 to 4096 bytes");
        return new GuidPartitionTable(entriesBlock, (int)count, (int)length);
    }

    /// <summary>The entries that are in use.</summary>
    /// <param name="entries">All entries, <see cref="EntriesLength"/> bytes.</param>
    /// <exception cref="MalformedInputException">The bytes end early, or an entry ends before it begins.</exception>
    internal List<GuidPartitionEntry> ReadEntries(ReadOnlySpan<byte> entries)
    {
        List<GuidPartitionEntry> used = [];
        SpanReader reader = new(entries, Format);
        for (int number = 1; number <= EntryCount; number++)
        {
            SpanReader entry = new(reader.ReadBytes(EntryLength), Format, reader.Offset);
            if (entry.ReadGuid() == Guid.Empty)
            {
                continue;
            }

            Guid unique = entry.ReadGuid();
            ulong first = entry.ReadUInt64LittleEndian();
            ulong last = entry.ReadUInt64LittleEndian();
            Require(first <= last && last < long.MaxValue, reader.Offset - EntryLength, "partition ends before it begins");
            used.Add(new GuidPartitionEntry(number, unique, first, last - first + 1));
        }

        return used;
    }

    private static void Require(bool holds, long offset, string problem)
    {
        if (!holds)
        {
            throw new MalformedInputException(Format, offset, problem);
        }
    }
}

/// <summary>An entry in use.</summary>
/// <param name="Number">1 for the first entry; the kernel's PARTN.</param>
/// <param name="Unique">The partition's own UUID (PARTUUID).</param>
/// <param name="Start">Its first logical block.</param>
/// <param name="Blocks">Its length in logical blocks.</param>
internal sealed record GuidPartitionEntry(int Number, Guid Unique, ulong Start, ulong Blocks);
