using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>
/// Takes an image apart, from the outside in: disk, partitions, file systems, UKIs and their initrds, images inside files. What cannot be read
/// becomes a <see cref="Gap"/>; nothing of a foreign image ends the inspection.
/// </summary>
internal sealed partial class Inspector
{
    private static readonly GptReadOptions s_anyDisk = new() { Allow = GptDeviations.All };

    private readonly List<InspectedVolume> _volumes = [];
    private readonly List<InspectedTree> _trees = [];
    private readonly List<EfiProgram> _programs = [];
    private readonly List<BootEntry> _entries = [];
    private readonly List<InspectedKernel> _kernels = [];
    private readonly List<Gap> _gaps = [];
    private readonly Dictionary<FileNode, ByteSource> _opened = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _prefixes = new(StringComparer.Ordinal);

    private readonly DecompressionOptions _decompression;

    private Inspector(DecompressionOptions decompression) => _decompression = decompression;

    /// <summary>Takes an image apart.</summary>
    /// <param name="image">The bytes: a disk, a UKI or other PE file, a file system, a cpio archive.</param>
    /// <param name="workers">Threads for checking verity, at least 1.</param>
    /// <param name="decompression">Where what comes out of decompressors goes.</param>
    public static InspectedImage Inspect(ByteSource image, int workers, DecompressionOptions decompression)
    {
        Inspector inspector = new(decompression);
        GptTable? table = null;
        string kind;
        if (Magic.IsGpt(image) && (table = inspector.TryReadTable(image)) is not null)
        {
            kind = "disk";
            foreach (GptPartition partition in table.Partitions)
            {
                inspector.AddPartition(partition);
            }
        }
        else if (Magic.IsPe(image))
        {
            kind = inspector.AddPe("image", "image", image, node: null) ? "uki" : "pe";
        }
        else
        {
            kind = inspector.AddWhole(image, table is null && inspector._gaps.Count > 0);
        }

        return new()
        {
            Kind = kind,
            Length = image.Length,
            Table = table,
            Volumes = inspector._volumes,
            Trees = inspector._trees,
            EfiPrograms = inspector._programs,
            BootEntries = inspector._entries,
            Kernels = inspector._kernels,
            Verity = VerityInspection.Check(inspector._volumes, inspector._entries, workers),
            Gaps = inspector._gaps,
            Opened = inspector._opened,
        };
    }

    private GptTable? TryReadTable(ByteSource image)
    {
        try
        {
            return GptReader.Read(image, s_anyDisk);
        }
        catch (MalformedInputException e)
        {
            _gaps.Add(new("image", "gpt", e.Message));
            return null;
        }
    }

    /// <summary>An input that is neither a disk with a GPT nor a PE file.</summary>
    private string AddWhole(ByteSource image, bool isExplained)
    {
        TreeFormat? format = TreeFormat.Of(image) ?? (Magic.NameOfCompression(image) is null ? null : TreeFormat.CompressedInitrd);
        VolumeRole role = format is null ? VolumeRole.Unknown : VolumeRole.Root;
        InspectedVolume volume = new() { Place = "image", Role = role, Format = format?.Name ?? "unknown", Content = image };
        if (format is null)
        {
            string name = Magic.NameOfImage(image) ?? Magic.NameOfCompression(image) ?? (Magic.IsPartitionedMbr(image) ? "mbr" : "unknown");
            if (!isExplained)
            {
                _gaps.Add(new("image", name, "this format cannot be read"));
            }

            _volumes.Add(volume with { Format = name });
            return "unknown";
        }

        InspectedTree? tree = ReadTree(
            "image", format, image, format.IsArchive ? "initrd:" : format.Name == "fat" ? "esp:" : "root:",
            format.IsArchive ? TreeRole.Initrd : format.Name == "fat" ? TreeRole.Esp : TreeRole.Root, depth: 0);
        _volumes.Add(volume with { Tree = tree, Role = tree is null && format == TreeFormat.CompressedInitrd ? VolumeRole.Unknown : role });
        return tree is null ? "unknown" : format.IsArchive ? "archive" : "file system";
    }

    private void AddPartition(GptPartition partition)
    {
        string place = $"partition {partition.Number} ({DiscoverablePartitions.Names.GetValueOrDefault(partition.TypeId, $"type {partition.TypeId}")})";
        ByteSource content = partition.Content;
        InspectedVolume volume = new() { Place = place, Role = VolumeRole.Data, Format = "unknown", Content = content, Partition = partition };
        bool isEsp = partition.TypeId == DiscoverablePartitions.EfiSystem || partition.TypeId == DiscoverablePartitions.ExtendedBootLoader;
        TreeFormat? format = TreeFormat.Of(content) ?? (isEsp ? TreeFormat.All.First(f => f.Name == "fat") : null);
        if (format is not null)
        {
            TreeRole role = isEsp ? TreeRole.Esp : IsRootType(partition.TypeId) ? TreeRole.Root : TreeRole.Data;
            InspectedTree? tree = ReadTree(place, format, content, prefix: null, role, depth: 0, partition.Number);
            _volumes.Add(volume with
            {
                Format = format.Name,
                Tree = tree,
                Role = (tree?.Role ?? role) switch { TreeRole.Esp => VolumeRole.Esp, TreeRole.Root => VolumeRole.Root, _ => VolumeRole.Data },
            });
            return;
        }

        if (Magic.IsVerity(content))
        {
            _volumes.Add(volume with { Role = VolumeRole.Verity, Format = "verity" });
        }
        else if (content.Length < partition.Length)
        {
            _gaps.Add(new(place, "gpt", "the partition goes on behind the end of the image"));
            _volumes.Add(volume with { Role = VolumeRole.Unknown });
        }
        else if (Magic.IsZeros(content))
        {
            _volumes.Add(volume with { Format = "zeros" });
        }
        else
        {
            string name = Magic.NameOfImage(content) ?? Magic.NameOfCompression(content) ?? "unknown";
            _gaps.Add(new(place, name, "this format cannot be read"));
            _volumes.Add(volume with { Role = VolumeRole.Unknown, Format = name });
        }
    }

    private static bool IsRootType(Guid type) =>
        type == DiscoverablePartitions.RootX64 || type == DiscoverablePartitions.RootArm64
        || type == DiscoverablePartitions.UsrX64 || type == DiscoverablePartitions.UsrArm64;
}
