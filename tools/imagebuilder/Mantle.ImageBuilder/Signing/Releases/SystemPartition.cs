using Mantle.Formats.Bytes;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tree;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>
/// The EFI system partition of a sealed image. It holds the UKI and nothing else, so it can be laid out anew with a longer one; that the same layout around the
/// unsigned UKI is what stands in the image is checked first. The partition's place and size stay, and with them the partition table and PCR 5.
/// </summary>
internal sealed class SystemPartition
{
    private const int BlockSize = 4096;
    private const int ChunkSize = 1 << 20;

    private readonly FatOptions _options;

    private SystemPartition(GptPartition partition, FatOptions options, ByteSource uki)
    {
        Partition = partition;
        _options = options;
        Uki = uki;
    }

    public GptPartition Partition { get; }

    /// <summary>The boot file as it stands in the partition.</summary>
    public ByteSource Uki { get; }

    /// <summary>Finds the partition.</summary>
    /// <param name="image">The disk.</param>
    /// <param name="epoch">The recipe's epoch, which every file has as its time.</param>
    /// <exception cref="UserErrorException">The partition is not as the builder makes it.</exception>
    public static SystemPartition Find(ByteSource image, long epoch)
    {
        GptPartition[] candidates = [.. GptReader.Read(image).Partitions.Where(partition => partition.TypeId == DiscoverablePartitions.EfiSystem)];
        if (candidates.Length != 1)
        {
            throw NotOurs($"it has {candidates.Length} EFI system partitions");
        }

        FatVolume volume = FatReader.Read(candidates[0].Content);
        FatEntry[] files = [.. volume.Entries.Where(entry => !entry.IsDirectory)];
        if (files.Length != 1 || files[0].Path != Build.BootFilePath)
        {
            throw NotOurs($"its EFI system partition has something else than {Build.BootFilePath}");
        }

        FatOptions options = new() { SizeBytes = candidates[0].Length, VolumeId = volume.VolumeId, VolumeLabel = volume.Label, TimeSeconds = epoch };
        SystemPartition found = new(candidates[0], options, files[0].Content);
        return Differences(candidates[0].Content, found.Layout(found.Uki)).Count == 0 ? found : throw NotOurs("its EFI system partition is not laid out as the builder does");
    }

    /// <summary>The partition with another boot file.</summary>
    /// <exception cref="UserErrorException">It has no room for it.</exception>
    public ByteSource Layout(ByteSource uki)
    {
        FileTree tree = new();
        tree.Put(Build.BootFilePath, FileNode.Regular(uki));
        try
        {
            return FatWriter.Layout(tree, _options);
        }
        catch (ArgumentException problem)
        {
            throw new UserErrorException($"the signed UKI does not fit the EFI system partition: {problem.Message}", "raise disk.esp in the recipe and build again");
        }
    }

    /// <summary>The blocks of another layout that differ from what stands in the image, as ranges of the disk in rising order.</summary>
    public IReadOnlyList<ByteSource.Extent> Changes(ByteSource layout) =>
        [.. Differences(Partition.Content, layout).Select(range => new ByteSource.Extent(Partition.Offset + range.Offset, layout.Slice(range.Offset, range.Length)))];

    private static List<(long Offset, long Length)> Differences(ByteSource old, ByteSource other)
    {
        int chunks = (int)((old.Length + ChunkSize - 1) / ChunkSize);
        List<(long, long)>[] found = new List<(long, long)>[chunks];
        Workers.For(chunks, chunk => found[chunk] = Compare(old, other, (long)chunk * ChunkSize));
        List<(long Offset, long Length)> joined = [];
        foreach ((long offset, long length) in found.SelectMany(ranges => ranges))
        {
            if (joined.Count > 0 && joined[^1].Offset + joined[^1].Length == offset)
            {
                joined[^1] = (joined[^1].Offset, joined[^1].Length + length);
            }
            else
            {
                joined.Add((offset, length));
            }
        }

        return joined;
    }

    private static List<(long, long)> Compare(ByteSource old, ByteSource other, long offset)
    {
        int length = (int)Math.Min(ChunkSize, old.Length - offset);
        byte[] left = GC.AllocateUninitializedArray<byte>(length);
        byte[] right = GC.AllocateUninitializedArray<byte>(length);
        old.ReadExactly(offset, left);
        other.ReadExactly(offset, right);
        List<(long, long)> ranges = [];
        for (int at = 0; at < length; at += BlockSize)
        {
            int block = Math.Min(BlockSize, length - at);
            if (!left.AsSpan(at, block).SequenceEqual(right.AsSpan(at, block)))
            {
                ranges.Add((offset + at, block));
            }
        }

        return ranges;
    }

    private static UserErrorException NotOurs(string problem) => new($"this image cannot be signed: {problem}", "give the image as \"imagebuilder build\" made it");
}
