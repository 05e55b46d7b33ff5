using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Gpt;

/// <summary>
/// Reads the partition table of a disk with 512-byte sectors: both headers, both arrays of entries, all checksums (UEFI 2.10, chapter 5).
/// </summary>
public static class GptReader
{
    // The specification sets no limit; tools write 128 entries of 128 bytes. 2 MiB bounds what a hostile header makes us read.
    private const long MaximumEntriesLength = 2 << 20;

    /// <summary>Reads and checks the table.</summary>
    /// <exception cref="MalformedInputException">No valid table, or a deviation that <paramref name="options"/> does not allow.</exception>
    public static GptTable Read(ByteSource disk, GptReadOptions? options = null)
    {
        long sectorCount = disk.Length / GptFormat.SectorSize;
        if (disk.Length % GptFormat.SectorSize != 0 || sectorCount <= GptFormat.PrimaryHeaderLba)
        {
            throw Malformed(0, $"a disk of {disk.Length} bytes");
        }

        Findings findings = new((options ?? GptReadOptions.Strict).Allow);
        CheckMbr(disk, sectorCount, findings);

        string? primaryProblem = TryReadCopy(disk, GptFormat.PrimaryHeaderLba, out Copy primary);
        ulong backupLba = primaryProblem is null ? primary.Header.AlternateLba : (ulong)sectorCount - 1;
        string? backupProblem = TryReadCopy(disk, backupLba, out Copy backup);
        if (primaryProblem is not null && backupProblem is not null)
        {
            throw Malformed(GptFormat.SectorSize, $"the primary {primaryProblem}, and the backup {backupProblem}");
        }

        findings.AddIf(primaryProblem is not null, GptDeviations.DamagedPrimary, GptFormat.SectorSize, $"the primary {primaryProblem}");
        Copy main = primaryProblem is null ? primary : backup;
        long backupOffset = (long)Math.Min(backupLba, GptFormat.MaximumLba) * GptFormat.SectorSize;
        findings.AddIf(backupProblem is not null, GptDeviations.MissingBackup, backupOffset, $"the backup {backupProblem}");
        findings.AddIf(backupLba != (ulong)sectorCount - 1, GptDeviations.BackupNotAtEnd, backupOffset, "the backup header is not in the last sector");
        if (primaryProblem is null && backupProblem is null)
        {
            findings.AddIf(!SayTheSame(primary, backup), GptDeviations.DifferentBackup, backupOffset, "the backup says something else than the primary");
        }

        findings.AddIf(
            !GptHeader.ReservedIsZero(main.Sector) || (backupProblem is null && !GptHeader.ReservedIsZero(backup.Sector)),
            GptDeviations.Slack, main.Offset, "reserved bytes of a header are not zero");
        List<GptPartition> partitions = ReadEntries(disk, main, findings);
        CheckOverlap(partitions, findings);
        return new()
        {
            DiskId = main.Header.DiskId,
            SectorCount = sectorCount,
            FirstUsableLba = (long)main.Header.FirstUsableLba,
            LastUsableLba = (long)main.Header.LastUsableLba,
            BackupLba = (long)Math.Min(backupLba, GptFormat.MaximumLba),
            EntryCount = (int)main.Header.EntryCount,
            EntrySize = (int)main.Header.EntrySize,
            Partitions = partitions,
            Deviations = findings.List,
            MeasuredData = primaryProblem is null ? MeasuredData(primary) : ReadOnlyMemory<byte>.Empty,
        };
    }

    private static void CheckMbr(ByteSource disk, long sectorCount, Findings findings)
    {
        byte[] sector = disk.ReadBytes(0, GptFormat.SectorSize, GptFormat.Name);
        string? problem = ProtectiveMbr.Problem(sector, sectorCount);
        findings.AddIf(problem is not null, GptDeviations.ProtectiveMbr, 0, problem ?? "");
        findings.AddIf(ProtectiveMbr.HasBootCode(sector), GptDeviations.BootCode, 0, "the MBR has boot code");
    }

    /// <summary>Reads header and entries of one copy. The result is what is wrong with it, or null.</summary>
    private static string? TryReadCopy(ByteSource disk, ulong lba, out Copy copy)
    {
        copy = default;
        ulong sectorCount = (ulong)(disk.Length / GptFormat.SectorSize);
        if (lba >= sectorCount)
        {
            return $"header is at sector {lba} of {sectorCount}";
        }

        byte[] sector = disk.ReadBytes((long)lba * GptFormat.SectorSize, GptFormat.SectorSize, GptFormat.Name);
        if (GptHeader.TryRead(sector, out GptHeader header) is { } problem)
        {
            return $"header {problem}";
        }

        if (header.MyLba != lba)
        {
            return $"header says that it is at sector {header.MyLba}";
        }

        ulong length = (ulong)header.EntryCount * header.EntrySize;
        if (header.EntrySize < GptFormat.EntrySize || !uint.IsPow2(header.EntrySize) || length is 0 or > MaximumEntriesLength)
        {
            return $"header asks for {header.EntryCount} entries of {header.EntrySize} bytes";
        }

        // Bounded first: the sum must not overflow.
        ulong entriesEnd = Math.Min(header.EntriesLba, sectorCount) + ((length + GptFormat.SectorSize - 1) / GptFormat.SectorSize);
        bool isPrimary = lba == (ulong)GptFormat.PrimaryHeaderLba;
        if (entriesEnd > sectorCount
            || header.LastUsableLba > GptFormat.MaximumLba || header.FirstUsableLba > header.LastUsableLba + 1
            || (isPrimary ? header.EntriesLba <= lba || entriesEnd > header.FirstUsableLba : header.EntriesLba <= header.LastUsableLba || entriesEnd > lba))
        {
            return $"header puts entries at sectors {header.EntriesLba} to {entriesEnd} and partitions at {header.FirstUsableLba} to {header.LastUsableLba}";
        }

        byte[] entries = disk.ReadBytes((long)header.EntriesLba * GptFormat.SectorSize, (int)length, GptFormat.Name);
        uint crc = Crc32.Of(entries);
        copy = new(sector, header, entries);
        return crc == header.EntriesCrc ? null : $"entries have CRC32 {crc:x8} but the header says {header.EntriesCrc:x8}";
    }

    private static bool SayTheSame(in Copy primary, in Copy backup) =>
        backup.Header == primary.Header with
        {
            MyLba = primary.Header.AlternateLba,
            AlternateLba = primary.Header.MyLba,
            EntriesLba = backup.Header.EntriesLba,
        }
        && primary.Entries.AsSpan().SequenceEqual(backup.Entries);

    private static List<GptPartition> ReadEntries(ByteSource disk, in Copy copy, Findings findings)
    {
        List<GptPartition> partitions = [];
        int size = (int)copy.Header.EntrySize;
        for (int index = 0; index < copy.Header.EntryCount; index++)
        {
            ReadOnlySpan<byte> bytes = copy.Entries.AsSpan(index * size, size);
            long offset = ((long)copy.Header.EntriesLba * GptFormat.SectorSize) + ((long)index * size);
            SpanReader reader = new(bytes, GptFormat.Name, offset);
            Guid typeId = reader.ReadGuid();
            if (typeId == Guid.Empty)
            {
                findings.AddIf(bytes.ContainsAnyExcept((byte)0), GptDeviations.Slack, offset, $"unused entry {index + 1} is not zero");
                continue;
            }

            Guid id = reader.ReadGuid();
            ulong first = reader.ReadUInt64LittleEndian();
            ulong last = reader.ReadUInt64LittleEndian();
            ulong attributes = reader.ReadUInt64LittleEndian();
            if (first > last || last > GptFormat.MaximumLba)
            {
                throw Malformed(offset, $"partition {index + 1} is at sectors {first} to {last}");
            }

            findings.AddIf(
                first < copy.Header.FirstUsableLba || last > copy.Header.LastUsableLba || last >= (ulong)(disk.Length / GptFormat.SectorSize),
                GptDeviations.Bounds, offset, $"partition {index + 1} at sectors {first} to {last} is outside what partitions may use");
            string name = ReadName(bytes, out bool clean);
            findings.AddIf(!clean, GptDeviations.Slack, offset, $"entry {index + 1} goes on behind its name");
            long start = Math.Min((long)first * GptFormat.SectorSize, disk.Length);
            long end = Math.Min(((long)last + 1) * GptFormat.SectorSize, disk.Length);
            partitions.Add(new()
            {
                Number = index + 1,
                TypeId = typeId,
                Id = id,
                FirstLba = (long)first,
                LastLba = (long)last,
                Attributes = attributes,
                Name = name,
                Content = disk.Slice(start, end - start),
            });
        }

        return partitions;
    }

    private static string ReadName(ReadOnlySpan<byte> entry, out bool clean)
    {
        Span<char> units = stackalloc char[GptFormat.NameUnits];
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(entry[(GptFormat.NameOffset + (2 * i))..]);
        }

        int end = units.IndexOf('\0');
        end = end < 0 ? units.Length : end;
        clean = !units[end..].ContainsAnyExcept('\0') && !entry[GptFormat.EntrySize..].ContainsAnyExcept((byte)0);
        return new(units[..end]);
    }

    private static void CheckOverlap(List<GptPartition> partitions, Findings findings)
    {
        GptPartition? before = null;
        foreach (GptPartition partition in partitions.OrderBy(p => p.FirstLba).ThenBy(p => p.LastLba))
        {
            findings.AddIf(
                before is not null && partition.FirstLba <= before.LastLba,
                GptDeviations.Overlap, partition.Offset, $"partition {partition.Number} overlaps partition {before?.Number}");
            before = before is null || partition.LastLba > before.LastLba ? partition : before;
        }

        HashSet<Guid> identifiers = [];
        foreach (GptPartition partition in partitions)
        {
            findings.AddIf(
                !identifiers.Add(partition.Id), GptDeviations.DuplicateId, partition.Offset, $"partition {partition.Number} repeats the identifier {partition.Id}");
        }
    }

    private static byte[] MeasuredData(in Copy primary)
    {
        int size = (int)primary.Header.EntrySize;
        List<byte> data = [.. primary.Sector.AsSpan(0, GptHeader.Length), .. new byte[sizeof(ulong)]];
        ulong count = 0;
        for (int offset = 0; offset < primary.Entries.Length; offset += size)
        {
            ReadOnlySpan<byte> entry = primary.Entries.AsSpan(offset, size);
            if (entry[..16].ContainsAnyExcept((byte)0))
            {
                data.AddRange(entry);
                count++;
            }
        }

        BinaryPrimitives.WriteUInt64LittleEndian(CollectionsMarshal.AsSpan(data)[GptHeader.Length..], count);
        return [.. data];
    }

    private static MalformedInputException Malformed(long offset, string problem) => new(GptFormat.Name, offset, problem);

    private readonly record struct Copy(byte[] Sector, GptHeader Header, byte[] Entries)
    {
        public long Offset => (long)Header.MyLba * GptFormat.SectorSize;
    }

    private sealed class Findings(GptDeviations allowed)
    {
        public List<GptFinding> List { get; } = [];

        public void AddIf(bool found, GptDeviations kind, long offset, string problem)
        {
            if (!found)
            {
                return;
            }

            if (!allowed.HasFlag(kind))
            {
                throw Malformed(offset, problem);
            }

            List.Add(new(kind, offset, problem));
        }
    }
}
