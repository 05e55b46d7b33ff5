using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Fat;

/// <summary>
/// Lays out a FAT volume with long names: FAT32 from 34 MiB on, else FAT16; sectors of 512 bytes, two tables, FSInfo and backup boot sector on FAT32,
/// directories first, then contents, each in one piece, in the order of <see cref="FileTree.Walk()"/>. Owners, modes and times of the tree have no
/// place in it.
/// </summary>
public static partial class FatWriter
{
    private const string NoLabel = "NO NAME    ";
    private const int BackupBootSector = 6;
    private const int InfoSector = 1;

    /// <summary>Whether a volume can have this size, in bytes.</summary>
    public static bool IsPossibleSize(long sizeBytes) => sizeBytes % 512 == 0 && FatGeometry.For(sizeBytes) is not null;

    /// <summary>The volume. Contents are referred to, not copied; free space is not held in memory.</summary>
    /// <exception cref="ArgumentException">
    /// The tree does not fit, or holds what FAT cannot: anything but files and directories, a file of 4 GiB or more, a name with one of
    /// <c>"*/:&lt;&gt;?\|</c>, a control character, more than 255 UTF-16 units or a dot or space at its end, two names that differ in case only.
    /// Or size or label are none that a volume can have.
    /// </exception>
    public static ByteSource Layout(FileTree tree, FatOptions options)
    {
        FatGeometry geometry = Verify(options);
        List<Folder> folders = Arrange(tree, options);
        uint next = Allocate(folders, geometry);
        if (next > geometry.EndCluster)
        {
            throw new ArgumentException(
                $"fat: the files need {next - FatFormat.FirstCluster} clusters of {geometry.ClusterSize} bytes, and a volume of {options.SizeBytes} bytes has "
                + $"{geometry.ClusterCount}; {SmallestSize(folders) >> 20} MiB are enough");
        }

        List<ByteSource.Extent> extents = [];
        byte[] boot = BootSectors(geometry, options, next);
        extents.Add(new(0, ByteSource.FromMemory(boot)));
        ByteSource table = ByteSource.FromMemory(Table(folders, geometry, next));
        for (int i = 0; i < geometry.TableCount; i++)
        {
            extents.Add(new(geometry.TableOffset(i), table));
        }

        foreach (Folder folder in folders)
        {
            bool outside = folder.Parent is null && geometry.RootEntries > 0;
            extents.Add(new(outside ? geometry.RootOffset : geometry.ClusterOffset(folder.Cluster), ByteSource.FromMemory(Serialize(folder, geometry, options))));
            foreach (Item item in folder.Items)
            {
                if (item.Folder is null && item.Node.Content.Length > 0)
                {
                    extents.Add(new(geometry.ClusterOffset(item.Cluster), item.Node.Content));
                }
            }
        }

        return ByteSource.Compose(options.SizeBytes, extents);
    }

    /// <summary>The smallest whole number of MiB, in bytes, that holds a tree; at least 34 MiB, so that it is FAT32.</summary>
    /// <exception cref="ArgumentException">The tree holds what FAT cannot.</exception>
    public static long SmallestSize(FileTree tree) => SmallestSize(Arrange(tree, new() { SizeBytes = 0, VolumeId = 0, TimeSeconds = 0, VolumeLabel = "L" }));

    private static long SmallestSize(List<Folder> folders)
    {
        const long Step = 1 << 20;
        long content = folders.Sum(folder => folder.Length + folder.Items.Sum(item => item.Node.Content.Length));
        for (long size = Math.Max(34 * Step, content & -Step); ; size += Step)
        {
            FatGeometry geometry = FatGeometry.For(size) ?? throw new ArgumentException($"fat: {content} bytes fit into no volume");
            if (Allocate(folders, geometry) <= geometry.EndCluster)
            {
                return size;
            }
        }
    }

    private static FatGeometry Verify(FatOptions options)
    {
        if (options.VolumeLabel.Length > FatFormat.ShortNameLength || options.VolumeLabel.StartsWith(' ')
            || !options.VolumeLabel.All(c => c == ' ' || ShortNames.Allows(c)))
        {
            throw new ArgumentException($"fat: \"{options.VolumeLabel}\" is no volume label");
        }

        return options.SizeBytes % 512 == 0 && FatGeometry.For(options.SizeBytes) is { } geometry
            ? geometry
            : throw new ArgumentException($"fat: a volume cannot have {options.SizeBytes} bytes");
    }

    /// <summary>Gives clusters to directories, then to contents. Returns the first cluster that is left free.</summary>
    private static uint Allocate(List<Folder> folders, FatGeometry geometry)
    {
        long next = FatFormat.FirstCluster;
        foreach (Folder folder in folders)
        {
            if (folder.Parent is null && geometry.RootEntries > 0)
            {
                folder.Cluster = 0;
                continue;
            }

            folder.Cluster = Take(folder.Length);
        }

        foreach (Item item in folders.SelectMany(folder => folder.Items))
        {
            item.Cluster = item.Folder?.Cluster ?? (item.Node.Content.Length == 0 ? 0 : Take(item.Node.Content.Length));
        }

        return (uint)Math.Min(next, uint.MaxValue);

        uint Take(long length)
        {
            long cluster = next;
            next += (length + geometry.ClusterSize - 1) / geometry.ClusterSize;
            return (uint)Math.Min(cluster, uint.MaxValue);
        }
    }

    /// <summary>The table up to the last cluster in use: each piece counts up to its end.</summary>
    private static byte[] Table(List<Folder> folders, FatGeometry geometry, uint end)
    {
        int width = (int)geometry.Kind / 8;
        byte[] table = new byte[checked((int)(end * (long)width))];
        Set(0, 0x0FFFFF00 | FatFormat.Media);
        Set(1, 0x0FFFFFFF);
        foreach (Folder folder in folders)
        {
            Chain(folder.Cluster, folder.Length);
            foreach (Item item in folder.Items.Where(item => item.Folder is null))
            {
                Chain(item.Cluster, item.Node.Content.Length);
            }
        }

        return table;

        void Chain(uint cluster, long length)
        {
            if (cluster == 0)
            {
                return;
            }

            uint last = cluster + (uint)((length - 1) / geometry.ClusterSize);
            for (; cluster < last; cluster++)
            {
                Set(cluster, cluster + 1);
            }

            Set(last, 0x0FFFFFFF);
        }

        void Set(uint cluster, uint value)
        {
            Span<byte> entry = table.AsSpan((int)cluster * width);
            if (width == sizeof(uint))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(entry, value);
            }
            else
            {
                BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)(value & 0xFFFF));
            }
        }
    }

    private static byte[] BootSectors(FatGeometry geometry, FatOptions options, uint next)
    {
        bool large = geometry.Kind == FatKind.Fat32;
        byte[] sectors = new byte[geometry.SectorSize * (large ? BackupBootSector + 2 : 1)];
        Span<byte> boot = sectors.AsSpan(0, geometry.SectorSize);
        ReadOnlySpan<byte> jump = large ? [0xEB, 0x58, 0x90] : [0xEB, 0x3C, 0x90];
        jump.CopyTo(boot);
        "MANTLE  "u8.CopyTo(boot[3..]);
        BinaryPrimitives.WriteUInt16LittleEndian(boot[11..], (ushort)geometry.SectorSize);
        boot[13] = (byte)geometry.SectorsPerCluster;
        BinaryPrimitives.WriteUInt16LittleEndian(boot[14..], (ushort)geometry.ReservedSectors);
        boot[16] = (byte)geometry.TableCount;
        BinaryPrimitives.WriteUInt16LittleEndian(boot[17..], (ushort)geometry.RootEntries);
        bool few = !large && geometry.TotalSectors <= ushort.MaxValue;
        BinaryPrimitives.WriteUInt16LittleEndian(boot[19..], few ? (ushort)geometry.TotalSectors : (ushort)0);
        boot[21] = FatFormat.Media;
        BinaryPrimitives.WriteUInt16LittleEndian(boot[22..], large ? (ushort)0 : (ushort)geometry.TableSectors);
        BinaryPrimitives.WriteUInt16LittleEndian(boot[24..], 63); // sectors and heads of a disk geometry that nobody uses, as all large disks state it
        BinaryPrimitives.WriteUInt16LittleEndian(boot[26..], 255);
        BinaryPrimitives.WriteUInt32LittleEndian(boot[32..], few ? 0 : (uint)geometry.TotalSectors);
        if (large)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(boot[36..], (uint)geometry.TableSectors);
            BinaryPrimitives.WriteUInt32LittleEndian(boot[44..], geometry.RootCluster);
            BinaryPrimitives.WriteUInt16LittleEndian(boot[48..], InfoSector);
            BinaryPrimitives.WriteUInt16LittleEndian(boot[50..], BackupBootSector);
        }

        Span<byte> extended = boot[(large ? 64 : 36)..];
        extended[0] = 0x80; // drive number of a hard disk
        extended[2] = FatFormat.ExtendedBootSignature;
        BinaryPrimitives.WriteUInt32LittleEndian(extended[3..], options.VolumeId);
        Encoding.ASCII.GetBytes(options.VolumeLabel.Length == 0 ? NoLabel : options.VolumeLabel.PadRight(FatFormat.ShortNameLength), extended[7..]);
        Encoding.ASCII.GetBytes(large ? "FAT32   " : "FAT16   ", extended[18..]);
        BinaryPrimitives.WriteUInt16LittleEndian(boot[FatFormat.BootSignatureOffset..], FatFormat.BootSignature);
        if (large)
        {
            Span<byte> info = sectors.AsSpan(InfoSector * geometry.SectorSize, geometry.SectorSize);
            BinaryPrimitives.WriteUInt32LittleEndian(info, FatFormat.InfoLeadSignature);
            BinaryPrimitives.WriteUInt32LittleEndian(info[FatFormat.InfoSignatureOffset..], FatFormat.InfoSignature);
            BinaryPrimitives.WriteUInt32LittleEndian(info[FatFormat.InfoFreeOffset..], geometry.EndCluster - next);
            BinaryPrimitives.WriteUInt32LittleEndian(info[FatFormat.InfoNextOffset..], next < geometry.EndCluster ? next : FatFormat.InfoUnknown);
            BinaryPrimitives.WriteUInt32LittleEndian(info[FatFormat.InfoTrailOffset..], FatFormat.InfoTrailSignature);
            sectors.AsSpan(0, 2 * geometry.SectorSize).CopyTo(sectors.AsSpan(BackupBootSector * geometry.SectorSize));
        }

        return sectors;
    }
}
