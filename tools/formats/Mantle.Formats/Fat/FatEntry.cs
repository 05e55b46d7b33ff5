using Mantle.Formats.Bytes;

namespace Mantle.Formats.Fat;

/// <summary>A file or directory of a FAT volume as its directory states it.</summary>
public sealed class FatEntry
{
    /// <summary>The directory that the entry is in; null for the root.</summary>
    public required FatEntry? Parent { get; init; }

    /// <summary>The long name, or the short one where there is no long one.</summary>
    public required string Name { get; init; }

    /// <summary>Path below the root, without a leading slash; made anew at each call.</summary>
    public string Path
    {
        get
        {
            List<string> names = [];
            for (FatEntry? entry = this; entry is not null; entry = entry.Parent)
            {
                names.Add(entry.Name);
            }

            names.Reverse();
            return string.Join('/', names);
        }
    }

    /// <summary>The short name, for example <c>BOOTX64.EFI</c>.</summary>
    public required string ShortName { get; init; }

    /// <summary>Attribute bits: 1 read-only, 2 hidden, 4 system, 16 directory, 32 archive.</summary>
    public byte Attributes { get; init; }

    /// <summary>True for a directory.</summary>
    public bool IsDirectory => (Attributes & FatFormat.Directory) != 0;

    /// <summary>Modification time in seconds since 1970, in the zone of whoever wrote it; 0 if none was recorded.</summary>
    public long ModifiedSeconds { get; init; }

    /// <summary>Creation time in seconds since 1970, in the zone of whoever wrote it; 0 if none was recorded.</summary>
    public long CreatedSeconds { get; init; }

    /// <summary>First cluster; 0 for a file without content.</summary>
    public uint FirstCluster { get; init; }

    /// <summary>Number of pieces that the content is in.</summary>
    public int FragmentCount { get; init; }

    /// <summary>Length of <see cref="Path"/>.</summary>
    internal int PathLength { get; init; }

    /// <summary>Content of a file; the entries of a directory, as many whole clusters as it has.</summary>
    public required ByteSource Content { get; init; }
}
