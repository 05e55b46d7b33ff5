using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe;
using Mantle.Formats.Tpm;
using Mantle.Formats.Tree;
using Mantle.Formats.Verity;
using Mantle.Measure.Comparison;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Unbound;

/// <summary>Makes changes to an image's bytes, in memory and as overlays, and predicts again.</summary>
internal sealed class ImageTrials
{
    private const int SectorSize = 512;
    private const int GptHeaderSize = 92;
    private const string BootPath = "EFI/BOOT/BOOTX64.EFI";
    private const TpmAlgorithm Bank = TpmAlgorithm.Sha256;

    private readonly ByteSource _disk;
    private readonly GptTable _table;
    private readonly GptPartition _system;
    private readonly IReadOnlyDictionary<int, TpmDigest> _before;

    private ImageTrials(ByteSource disk, GptTable table, GptPartition system, IReadOnlyDictionary<int, TpmDigest> before)
    {
        _disk = disk;
        _table = table;
        _system = system;
        _before = before;
    }

    /// <summary>The PCRs that are compared, ascending.</summary>
    public IEnumerable<int> Pcrs => _before.Keys.Order();

    public static ImageTrials Prepare(ByteSource disk)
    {
        GptTable table = GptReader.Read(disk);
        GptPartition system = table.Partitions.Single(partition => partition.TypeId == DiscoverablePartitions.EfiSystem);
        return new(disk, table, system, Values(disk));
    }

    /// <summary>The trial of a change; null if it is not one of the disk's bytes.</summary>
    public ChangeTrial? Try(string id) => id switch
    {
        "other-boot-file" or "boot-file-code" => Predict(WithBootFile(file => Flip(file, SectionOffset(file, ".initrd") + 64))),
        "boot-file-cmdline" => Predict(WithBootFile(file => Flip(file, SectionOffset(file, ".cmdline")))),
        "boot-file-checksum" => Predict(WithBootFile(file => Flip(file, ChecksumOffset(file)))),
        "addon" or "signed-addon" => Predict(WithFile($"{BootPath}.extra.d/x.addon.efi")),
        "credential" => Predict(WithFile($"{BootPath}.extra.d/x.cred")),
        "system-extension" => Predict(WithFile($"{BootPath}.extra.d/x.raw")),
        "configuration-extension" => Predict(WithFile($"{BootPath}.extra.d/x.confext.raw")),
        "esp-other-file" => Predict(WithFile("EFI/notes.txt")),
        "loader-configuration" => Predict(WithFile("loader/loader.conf")),
        "random-seed" => Predict(WithFile("loader/random-seed")),
        "esp-metadata" => Predict(WithSystemPartition(Tree(), 0x12345678)),
        "partition-table" => Predict(WithDiskId()),
        "partition-table-backup" => Predict(Flip(_disk, 440)),
        "root-bytes" => Damaged(isTree: false),
        "verity-bytes" => Damaged(isTree: true),
        _ => null,
    };

    private ChangeTrial Predict(ByteSource changed)
    {
        try
        {
            IReadOnlyDictionary<int, TpmDigest> after = Values(changed);
            return new([.. _before.Keys.Where(index => !after.TryGetValue(index, out TpmDigest value) || value != _before[index]).Order()], null);
        }
        catch (Exception e) when (e is UserErrorException or MalformedInputException)
        {
            return new(null, e.Message);
        }
    }

    /// <summary>Flips a bit in the middle of the root or of its hash tree; the prediction must stay and verity must notice.</summary>
    private ChangeTrial? Damaged(bool isTree)
    {
        GptPartition? tree = _table.Partitions.FirstOrDefault(partition => partition.TypeId == DiscoverablePartitions.RootVerityX64);
        GptPartition? root = _table.Partitions.FirstOrDefault(partition => partition.TypeId == DiscoverablePartitions.RootX64);
        if (tree is null || root is null || VerityComparer.RootHashOf(_table) is not { } rootHash)
        {
            return null;
        }

        VeritySuperblock superblock = VeritySuperblock.Read(tree.Content);
        long at = isTree ? VeritySuperblock.BlockSize + 1 : superblock.DataBlocks / 2 * VeritySuperblock.BlockSize;
        ByteSource damagedRoot = isTree ? root.Content : Flip(root.Content, at);
        ByteSource damagedTree = isTree ? Flip(tree.Content, at) : tree.Content;
        bool isNoticed = !VerityVerifier.Verify(damagedRoot, damagedTree, Convert.FromHexString(rootHash), Environment.ProcessorCount).IsIntact;
        return Predict(Flip(_disk, (isTree ? tree : root).Offset + at)) with
        {
            Remark = isNoticed ? "dm-verity notices" : "dm-verity does NOT notice",
        };
    }

    private static SortedDictionary<int, TpmDigest> Values(ByteSource disk)
    {
        SortedDictionary<int, TpmDigest> values = [];
        foreach (PredictedPcr pcr in Predictor.Predict(disk, new() { Banks = [Bank] }).Pcrs)
        {
            values.Add(pcr.Index, pcr.Values[Bank]);
        }

        return values;
    }

    private FileTree Tree() => FatReader.ReadTree(_system.Content);

    private ByteSource WithBootFile(Func<ByteSource, ByteSource> change)
    {
        FileTree tree = Tree();
        ByteSource file = BootFileLocator.Locate(_disk, "image").Content;
        tree.Put(BootPath, FileNode.Regular(change(file)));
        return WithSystemPartition(tree, FatReader.Read(_system.Content).VolumeId);
    }

    private ByteSource WithFile(string path)
    {
        FileTree tree = Tree();
        tree.Put(path, FileNode.Regular(ByteSource.FromMemory(new byte[] { 1, 2, 3 })));
        return WithSystemPartition(tree, FatReader.Read(_system.Content).VolumeId);
    }

    private ByteSource WithSystemPartition(FileTree tree, uint volumeId) => Overlay(
        _disk, _system.Offset, FatWriter.Layout(tree, new() { SizeBytes = _system.Length, VolumeId = volumeId, TimeSeconds = 1_700_000_000 }));

    /// <summary>Both headers get another disk GUID and the checksum that goes with it.</summary>
    private ByteSource WithDiskId()
    {
        ByteSource changed = _disk;
        foreach (long offset in (long[])[SectorSize, _table.BackupLba * SectorSize])
        {
            byte[] header = _disk.ReadBytes(offset, GptHeaderSize, "gpt");
            header[56] ^= 1;
            header.AsSpan(16, 4).Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), Crc32.Of(header));
            changed = Overlay(changed, offset, ByteSource.FromMemory(header));
        }

        return changed;
    }

    private static long SectionOffset(ByteSource file, string name) =>
        PeImage.Read(file).Sections.First(section => section.Name == name).PointerToRawData;

    /// <summary>CheckSum is 64 bytes into the optional header, which follows the 24 bytes of signature and file header.</summary>
    private static long ChecksumOffset(ByteSource file) =>
        BinaryPrimitives.ReadUInt32LittleEndian(file.ReadBytes(0x3c, 4, "pe")) + 24 + 64;

    private static ByteSource Flip(ByteSource source, long offset)
    {
        byte[] value = source.ReadBytes(offset, 1, "image");
        value[0] ^= 1;
        return Overlay(source, offset, ByteSource.FromMemory(value));
    }

    private static ByteSource Overlay(ByteSource source, long offset, ByteSource patch)
    {
        long end = offset + patch.Length;
        return ByteSource.Compose(
            source.Length, [new(0, source.Slice(0, offset)), new(offset, patch), new(end, source.Slice(end, source.Length - end))]);
    }
}
