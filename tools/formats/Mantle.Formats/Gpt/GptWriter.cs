using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Gpt;

/// <summary>
/// Lays out a whole disk: protective MBR, primary header and 128 entries, partitions one behind another, backup entries and header in the last sectors
/// (UEFI 2.10, chapter 5). Everything else is zero.
/// </summary>
public static class GptWriter
{
    /// <summary>The disk. Contents are referred to, not copied; its length is a multiple of <see cref="GptOptions.AlignmentBytes"/>.</summary>
    /// <exception cref="ArgumentException">
    /// A missing or repeated identifier, a name that is too long, a content larger than its partition, more than 128 partitions, a bad alignment.
    /// </exception>
    public static ByteSource Layout(GptOptions options)
    {
        Verify(options);
        byte[] entries = new byte[GptFormat.EntryCount * GptFormat.EntrySize];
        List<ByteSource.Extent> extents = [];
        long end = GptFormat.FirstUsableLba * GptFormat.SectorSize;
        for (int i = 0; i < options.Partitions.Count; i++)
        {
            GptNewPartition partition = options.Partitions[i];
            long start = RoundUp(end, options.AlignmentBytes);
            end = start + RoundUp(SizeOf(partition), GptFormat.SectorSize);
            WriteEntry(entries.AsSpan(i * GptFormat.EntrySize), partition, start, end);
            extents.Add(new(start, partition.Content));
        }

        long length = RoundUp(end + (GptFormat.BackupSectors * GptFormat.SectorSize), options.AlignmentBytes);
        long sectorCount = length / GptFormat.SectorSize;
        GptHeader primary = new(
            MyLba: (ulong)GptFormat.PrimaryHeaderLba,
            AlternateLba: (ulong)sectorCount - 1,
            FirstUsableLba: (ulong)GptFormat.FirstUsableLba,
            LastUsableLba: (ulong)(sectorCount - GptFormat.BackupSectors - 1),
            options.DiskId,
            EntriesLba: (ulong)GptFormat.PrimaryEntriesLba,
            GptFormat.EntryCount,
            GptFormat.EntrySize,
            Crc32.Of(entries));
        GptHeader backup = primary with
        {
            MyLba = primary.AlternateLba,
            AlternateLba = primary.MyLba,
            EntriesLba = primary.LastUsableLba + 1,
        };

        byte[] head = new byte[GptFormat.FirstUsableLba * GptFormat.SectorSize];
        ProtectiveMbr.Write(head, sectorCount);
        primary.Write(head.AsSpan((int)GptFormat.PrimaryHeaderLba * GptFormat.SectorSize, GptFormat.SectorSize));
        entries.CopyTo(head, (int)GptFormat.PrimaryEntriesLba * GptFormat.SectorSize);
        byte[] tail = new byte[GptFormat.BackupSectors * GptFormat.SectorSize];
        entries.CopyTo(tail, 0);
        backup.Write(tail.AsSpan(entries.Length, GptFormat.SectorSize));
        extents.Add(new(0, ByteSource.FromMemory(head)));
        extents.Add(new(length - tail.Length, ByteSource.FromMemory(tail)));
        return ByteSource.Compose(length, extents);
    }

    private static void Verify(GptOptions options)
    {
        if (options.AlignmentBytes <= 0 || options.AlignmentBytes % GptFormat.SectorSize != 0)
        {
            throw new ArgumentException($"gpt: the alignment of {options.AlignmentBytes} bytes is no multiple of {GptFormat.SectorSize}");
        }

        if (options.Partitions.Count > GptFormat.EntryCount)
        {
            throw new ArgumentException($"gpt: {options.Partitions.Count} partitions, and the table holds {GptFormat.EntryCount}");
        }

        if (options.DiskId == Guid.Empty)
        {
            throw new ArgumentException("gpt: the disk has no identifier");
        }

        HashSet<Guid> identifiers = [options.DiskId];
        foreach (GptNewPartition partition in options.Partitions)
        {
            string? problem =
                partition.TypeId == Guid.Empty ? "has no type"
                : partition.Id == Guid.Empty ? "has no identifier"
                : !identifiers.Add(partition.Id) ? $"repeats the identifier {partition.Id}"
                : partition.Name.Length > GptFormat.NameUnits ? $"has a name of {partition.Name.Length} UTF-16 units, and {GptFormat.NameUnits} fit"
                : partition.Name.Contains('\0', StringComparison.Ordinal) ? "has a NUL in its name"
                : SizeOf(partition) <= 0 ? "is empty"
                : SizeOf(partition) < partition.Content.Length ? $"has {partition.SizeBytes} bytes, and its content {partition.Content.Length}"
                : null;
            if (problem is not null)
            {
                throw new ArgumentException($"gpt: partition \"{partition.Name}\" {problem}");
            }
        }
    }

    private static void WriteEntry(Span<byte> entry, GptNewPartition partition, long start, long end)
    {
        partition.TypeId.TryWriteBytes(entry);
        partition.Id.TryWriteBytes(entry[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(entry[32..], start / GptFormat.SectorSize);
        BinaryPrimitives.WriteInt64LittleEndian(entry[40..], (end / GptFormat.SectorSize) - 1);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[48..], partition.Attributes);
        for (int i = 0; i < partition.Name.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(entry[(GptFormat.NameOffset + (2 * i))..], partition.Name[i]);
        }
    }

    private static long SizeOf(GptNewPartition partition) => partition.SizeBytes == 0 ? partition.Content.Length : partition.SizeBytes;

    private static long RoundUp(long value, long multiple) => (value + multiple - 1) / multiple * multiple;
}
