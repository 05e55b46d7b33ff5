using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Verity;
using Mantle.Fuzz.Seeds;
using Mantle.ImageBuilder.Volumes;

namespace Mantle.Fuzz;

/// <summary>What a disk is made of.</summary>
internal static class DiskReaders
{
    private const int SectorSize = 512;

    private static readonly Lazy<SparseSeed> s_disk = new(() =>
    {
        ByteSource disk = Samples.Disk(ByteSource.FromMemory(new byte[4096]));
        return new SparseSeed(disk, sector => sector < 34 || sector >= (disk.Length / SectorSize) - 33);
    });

    private static readonly Lazy<SparseSeed> s_fat = new(() => new SparseSeed(Samples.Fat(4 << 20)));

    private static readonly Lazy<SparseSeed> s_fat32 = new(() => new SparseSeed(Samples.Fat(64 << 20)));

    private static readonly Lazy<SparseSeed> s_volume = new(() =>
    {
        byte[] rootHash = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
        ByteSource disk = GptWriter.Layout(new GptOptions
        {
            DiskId = VolumeFormat.DiskId(rootHash),
            Partitions =
            [
                new() { TypeId = VolumeFormat.KeyType, Id = VolumeFormat.KeyId(rootHash), Name = "k", Content = ByteSource.FromMemory(SealedBlob.OfKey(new byte[40])), SizeBytes = SealedBlob.PartitionLength },
                new() { TypeId = VolumeFormat.DataType, Id = VolumeFormat.DataId(rootHash), Name = "d", Content = ByteSource.Zeros(4096 * 7) },
            ],
        });
        return new SparseSeed(disk, sector => sector < 34 || sector is 2048 or 2049 || sector >= (disk.Length / SectorSize) - 33);
    });

    private static readonly Lazy<byte[]> s_rootHash = new(() => Tree().RootHash.ToArray());

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("gpt", () => [s_disk.Value.Bytes], bytes => GptReader.Read(s_disk.Value.Expand(bytes))) { Repair = RepairGpt },
        new("gpt lenient", () => [s_disk.Value.Bytes], bytes => ReadLenient(s_disk.Value.Expand(bytes))) { Repair = RepairGpt },
        new("fat16", () => [s_fat.Value.Bytes], bytes => PackageReaders.Drain(FatReader.ReadTree(s_fat.Value.Expand(bytes)))),
        new("fat32", () => [s_fat32.Value.Bytes], bytes => PackageReaders.Drain(FatReader.ReadTree(s_fat32.Value.Expand(bytes)))),
        new("erofs", ErofsImages, bytes => PackageReaders.Drain(ErofsReader.Open(PackageReaders.Source(bytes)).ReadTree())) { Repair = RepairErofs },
        new("verity", Superblocks, bytes => VeritySuperblock.Read(PackageReaders.Source(bytes))),
        new("verity tree", Trees, VerifyTree),
        new("volume", () => [s_volume.Value.Bytes], bytes => Volume.Read(s_volume.Value.Expand(bytes))) { Repair = RepairGpt },
        new("sealed blob", () => [SealedBlob.OfKey(new byte[40]), SealedBlob.OfSecret(new byte[40], new byte[32], new byte[9])], bytes => SealedBlob.Read(bytes, bytes.Length % 2 == 0)),
    ];

    private static void ReadLenient(ByteSource disk)
    {
        GptTable table = GptReader.Read(disk, new GptReadOptions { Allow = GptDeviations.All });
        PackageReaders.Drain(table.Partitions.Select(partition => partition.Content));
    }

    private static void RepairGpt(byte[] bytes)
    {
        SparseSeed seed = s_disk.Value;
        if (bytes.Length != seed.Bytes.Length)
        {
            return;
        }

        foreach (int header in (int[])[SectorSize, bytes.Length - SectorSize])
        {
            Span<byte> sector = bytes.AsSpan(header, SectorSize);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(sector[12..]);
            ulong entriesLength = (ulong)BinaryPrimitives.ReadUInt32LittleEndian(sector[80..]) * BinaryPrimitives.ReadUInt32LittleEndian(sector[84..]);
            ulong lba = BinaryPrimitives.ReadUInt64LittleEndian(sector[72..]);
            int entries = lba > int.MaxValue ? -1 : seed.PositionOf((long)lba * SectorSize);
            if (entries >= 0 && entriesLength <= (ulong)(bytes.Length - entries))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(sector[88..], Crc32.Of(bytes.AsSpan(entries, (int)entriesLength)));
            }

            if (length is >= 92 and <= SectorSize)
            {
                sector.Slice(16, 4).Clear();
                BinaryPrimitives.WriteUInt32LittleEndian(sector[16..], Crc32.Of(sector[..(int)length]));
            }
        }
    }

    private static void RepairErofs(byte[] bytes)
    {
        if (bytes.Length < 4096)
        {
            return;
        }

        Span<byte> superblock = bytes.AsSpan(ErofsFormat.SuperblockOffset, 4096 - ErofsFormat.SuperblockOffset);
        superblock.Slice(ErofsFormat.ChecksumOffset, sizeof(uint)).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(superblock[ErofsFormat.ChecksumOffset..], ErofsFormat.Checksum(superblock));
    }

    private static IReadOnlyList<byte[]> ErofsImages() =>
        [.. ((byte[]?[])[Samples.Erofs(), Samples.ForeignErofs(), Samples.ForeignErofs("-zlz4"), Samples.ForeignErofs("-zlz4hc", "-C65536")]).OfType<byte[]>()];

    private static IReadOnlyList<byte[]> Superblocks() => [Tree().HashArea.ToArray()];

    private static IReadOnlyList<byte[]> Trees() => [.. Superblocks().Select(area => (byte[])[.. area, .. new byte[200 * 4096 / 64]])];

    private static VerityTree Tree() => VerityTree.Build(PackageReaders.Source(new byte[200 * 4096]), new byte[32], Guid.Empty, 1);

    // The data is zeros but for the last bytes of the input, so that data and tree are both mutated.
    private static void VerifyTree(byte[] bytes)
    {
        int dataLength = Math.Min(bytes.Length, 200 * 4096 / 64);
        ByteSource data = ByteSource.Compose(200 * 4096, [new(0, ByteSource.FromMemory(bytes.AsMemory(bytes.Length - dataLength)))]);
        VerityVerifier.Verify(data, ByteSource.FromMemory(bytes.AsMemory(0, bytes.Length - dataLength)), s_rootHash.Value);
    }
}
