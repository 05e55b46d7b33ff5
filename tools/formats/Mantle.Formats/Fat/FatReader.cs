using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Fat;

/// <summary>
/// Reads FAT12, FAT16 and FAT32 volumes with long names. Readers of FAT are lenient in different ways; this one refuses what they would
/// disagree about: tables that differ, chains that loop, cross or do not match the size, names without a valid order and checksum,
/// entries behind the end of a directory.
/// </summary>
public static partial class FatReader
{
    /// <summary>Reads boot sectors, tables and all directories.</summary>
    /// <exception cref="MalformedInputException">The input is no FAT volume or not a sound one.</exception>
    public static FatVolume Read(ByteSource source)
    {
        byte[] boot = source.ReadBytes(0, 512, FatFormat.Name);
        FatGeometry geometry = ReadGeometry(boot, source.Length);
        bool large = geometry.Kind == FatKind.Fat32;
        if (large)
        {
            CheckBackup(source, boot, geometry);
        }

        FatTable table = new(source, geometry);
        table.CheckCopies();
        Directories directories = new(source, geometry, table);
        directories.ReadAll();
        (long free, long bad, long lost) = table.Count();
        ReadOnlySpan<byte> extended = boot.AsSpan(large ? 64 : 36);
        return new()
        {
            Kind = geometry.Kind,
            VolumeId = extended[2] == FatFormat.ExtendedBootSignature ? BinaryPrimitives.ReadUInt32LittleEndian(extended[3..]) : 0,
            Label = directories.Label,
            Length = geometry.TotalSectors * geometry.SectorSize,
            ClusterSize = geometry.ClusterSize,
            ClusterCount = geometry.ClusterCount,
            FreeClusters = free,
            ClaimedFreeClusters = large ? ReadFreeCount(source, boot, geometry) : null,
            BadClusters = bad,
            LostClusters = lost,
            Entries = directories.Entries,
        };
    }

    /// <summary>The files of a volume as a tree; contents are slices of the input.</summary>
    /// <exception cref="MalformedInputException">The input is no FAT volume or not a sound one.</exception>
    public static FileTree ReadTree(ByteSource source) => Read(source).ToTree();

    private static FatGeometry ReadGeometry(ReadOnlySpan<byte> boot, long length)
    {
        if (BinaryPrimitives.ReadUInt16LittleEndian(boot[FatFormat.BootSignatureOffset..]) != FatFormat.BootSignature || boot[0] is not (0xEB or 0xE9))
        {
            throw Malformed(0, "no boot sector");
        }

        int sectorSize = BinaryPrimitives.ReadUInt16LittleEndian(boot[11..]);
        int sectorsPerCluster = boot[13];
        int reserved = BinaryPrimitives.ReadUInt16LittleEndian(boot[14..]);
        int tables = boot[16];
        int rootEntries = BinaryPrimitives.ReadUInt16LittleEndian(boot[17..]);
        long total = BinaryPrimitives.ReadUInt16LittleEndian(boot[19..]);
        long tableSectors = BinaryPrimitives.ReadUInt16LittleEndian(boot[22..]);
        total = total == 0 ? BinaryPrimitives.ReadUInt32LittleEndian(boot[32..]) : total;

        // Linux and EDK2 alike take a volume as FAT32 if the 16-bit size of the table is zero, however few clusters there are.
        bool large = tableSectors == 0;
        tableSectors = large ? BinaryPrimitives.ReadUInt32LittleEndian(boot[36..]) : tableSectors;
        if (sectorSize is not (512 or 1024 or 2048 or 4096) || !int.IsPow2(sectorsPerCluster) || reserved == 0 || tables is < 1 or > 2
            || tableSectors == 0 || large != (rootEntries == 0) || total > length / sectorSize)
        {
            throw Malformed(11, $"no such volume: {total} sectors of {sectorSize} bytes, {sectorsPerCluster} a cluster, {tables} tables of {tableSectors}, {rootEntries} root entries");
        }

        FatGeometry geometry = new()
        {
            Kind = FatKind.Fat32,
            SectorSize = sectorSize,
            SectorsPerCluster = sectorsPerCluster,
            ReservedSectors = reserved,
            TableCount = tables,
            TableSectors = tableSectors,
            RootEntries = rootEntries,
            TotalSectors = total,
            RootCluster = large ? BinaryPrimitives.ReadUInt32LittleEndian(boot[44..]) : 0,
        };
        long clusters = geometry.ClusterCount;
        FatKind kind = large ? FatKind.Fat32 : clusters < FatFormat.Fat12Limit ? FatKind.Fat12 : FatKind.Fat16;
        if (clusters < 1 || clusters >= (large ? FatFormat.Fat32Limit : FatFormat.Fat16Limit)
            || tableSectors * sectorSize < (((clusters + FatFormat.FirstCluster) * (int)kind) + 7) / 8)
        {
            throw Malformed(11, $"{clusters} clusters do not suit a table of {tableSectors} sectors");
        }

        if (large && (BinaryPrimitives.ReadUInt16LittleEndian(boot[40..]) & 0x80) != 0)
        {
            throw Malformed(40, "only one of the allocation tables is in use");
        }

        return geometry with { Kind = kind };
    }

    /// <summary>The backup boot sector says the same, but for the flags at 65 that systems set while the volume is mounted.</summary>
    private static void CheckBackup(ByteSource source, ReadOnlySpan<byte> boot, FatGeometry geometry)
    {
        const int StateOffset = 65;
        int sector = BinaryPrimitives.ReadUInt16LittleEndian(boot[50..]);
        if (sector is 0 or ushort.MaxValue)
        {
            return;
        }

        long offset = (long)sector * geometry.SectorSize;
        byte[] backup = sector < geometry.ReservedSectors ? source.ReadBytes(offset, boot.Length, FatFormat.Name) : [];
        if (backup.Length == 0 || !backup.AsSpan(0, StateOffset).SequenceEqual(boot[..StateOffset]) || !backup.AsSpan(StateOffset + 1).SequenceEqual(boot[(StateOffset + 1)..]))
        {
            throw Malformed(offset, "the backup boot sector differs from the first");
        }
    }

    private static uint? ReadFreeCount(ByteSource source, ReadOnlySpan<byte> boot, FatGeometry geometry)
    {
        int sector = BinaryPrimitives.ReadUInt16LittleEndian(boot[48..]);
        if (sector == 0 || sector >= geometry.ReservedSectors)
        {
            return null;
        }

        ReadOnlySpan<byte> info = source.ReadBytes((long)sector * geometry.SectorSize, 512, FatFormat.Name);
        uint free = BinaryPrimitives.ReadUInt32LittleEndian(info[FatFormat.InfoFreeOffset..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(info) == FatFormat.InfoLeadSignature
            && BinaryPrimitives.ReadUInt32LittleEndian(info[FatFormat.InfoSignatureOffset..]) == FatFormat.InfoSignature
            && free != FatFormat.InfoUnknown ? free : null;
    }

    private static MalformedInputException Malformed(long offset, string problem) => new(FatFormat.Name, offset, problem);
}
