using Mantle.Formats.Tree;

namespace Mantle.Formats.Fat;

/// <summary>A FAT volume as it was read.</summary>
public sealed class FatVolume
{
    /// <summary>Which FAT.</summary>
    public required FatKind Kind { get; init; }

    /// <summary>Serial number; 0 if the boot sector has none.</summary>
    public required uint VolumeId { get; init; }

    /// <summary>Label of the root directory; empty if it has none.</summary>
    public required string Label { get; init; }

    /// <summary>Size of the volume in bytes; the input may be longer.</summary>
    public required long Length { get; init; }

    /// <summary>Size of a cluster in bytes.</summary>
    public required int ClusterSize { get; init; }

    /// <summary>Number of clusters.</summary>
    public required long ClusterCount { get; init; }

    /// <summary>Clusters that the table says are free.</summary>
    public required long FreeClusters { get; init; }

    /// <summary>Free clusters that FSInfo claims (FAT32), a hint that may be stale; null if it claims nothing.</summary>
    public required uint? ClaimedFreeClusters { get; init; }

    /// <summary>Clusters that are marked as bad.</summary>
    public required long BadClusters { get; init; }

    /// <summary>Clusters that are in use by no file or directory. What they hold is not in <see cref="Entries"/>.</summary>
    public required long LostClusters { get; init; }

    /// <summary>Files and directories, directory by directory, parents before children.</summary>
    public required IReadOnlyList<FatEntry> Entries { get; init; }

    /// <summary>The files as a tree: root's, with the default modes of <see cref="FileNode"/>.</summary>
    public FileTree ToTree()
    {
        FileTree tree = new();
        Dictionary<FatEntry, FileNode> nodes = [];
        foreach (FatEntry entry in Entries)
        {
            FileNode node = entry.IsDirectory ? FileNode.Directory() : FileNode.Regular(entry.Content);
            node.ModifiedSeconds = entry.ModifiedSeconds;
            FileNode parent = entry.Parent is null ? tree.Root : nodes[entry.Parent];
            parent.Children.Add(entry.Name, node);
            nodes.Add(entry, node);
        }

        return tree;
    }
}
