using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tree;

/// <summary>
/// One inode of a file tree: what an archive or a file system says of a file, without its name. The same node under two names is a hard link.
/// </summary>
/// <param name="kind">What it is.</param>
/// <param name="permissions">The lower twelve mode bits: set-id, sticky, rwx.</param>
public sealed class FileNode(FileKind kind, int permissions)
{
    /// <summary>What it is.</summary>
    public FileKind Kind { get; } = kind;

    /// <summary>The lower twelve mode bits: set-id, sticky, rwx.</summary>
    public int Permissions { get; set; } = permissions & 0xFFF;

    /// <summary>The whole mode, type bits included (POSIX st_mode).</summary>
    public int Mode => ((int)Kind << 12) | Permissions;

    /// <summary>Owner.</summary>
    public uint UserId { get; set; }

    /// <summary>Group.</summary>
    public uint GroupId { get; set; }

    /// <summary>Modification time in seconds since 1970.</summary>
    public long ModifiedSeconds { get; set; }

    /// <summary>Content of a regular file; empty for all else.</summary>
    public ByteSource Content { get; set; } = ByteSource.Empty;

    /// <summary>Target of a symbolic link; empty for all else.</summary>
    public string LinkTarget { get; set; } = "";

    /// <summary>Major number of a device.</summary>
    public uint DeviceMajor { get; set; }

    /// <summary>Minor number of a device.</summary>
    public uint DeviceMinor { get; set; }

    /// <summary>Extended attributes by full name (<c>security.capability</c>), ordered by the bytes of the name.</summary>
    public SortedDictionary<string, byte[]> ExtendedAttributes { get; } = new(LinuxText.ByteOrder);

    /// <summary>Entries of a directory, ordered by the bytes of the name; empty for all else.</summary>
    public SortedDictionary<string, FileNode> Children { get; } = new(LinuxText.ByteOrder);

    /// <summary>Where the file came from (a package, a recipe line), for messages and manifests; not part of any format.</summary>
    public string Origin { get; set; } = "";

    /// <summary>A new directory.</summary>
    public static FileNode Directory(int permissions = 0b111_101_101) => new(FileKind.Directory, permissions);

    /// <summary>A new regular file.</summary>
    public static FileNode Regular(ByteSource content, int permissions = 0b110_100_100) =>
        new(FileKind.Regular, permissions) { Content = content };

    /// <summary>A new symbolic link.</summary>
    public static FileNode SymbolicLink(string target) => new(FileKind.SymbolicLink, 0b111_111_111) { LinkTarget = target };
}
