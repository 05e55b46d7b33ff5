using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Fat;

/// <summary>Directories: names, and the bytes of their entries.</summary>
public static partial class FatWriter
{
    private const string Forbidden = "\"*/:<>?\\|";

    /// <summary>All directories, parents before children, with short names assigned and everything checked that needs no clusters.</summary>
    private static List<Folder> Arrange(FileTree tree, FatOptions options)
    {
        List<Folder> folders = [];
        Add(tree.Root, null, "");
        return folders;

        Folder Add(FileNode node, Folder? parent, string path)
        {
            string[] names = [.. node.Children.Keys];
            HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
            foreach ((string name, FileNode child) in node.Children)
            {
                if (Problem(name, child, seen) is { } problem)
                {
                    throw new ArgumentException($"fat: \"{path}{name}\" {problem}");
                }
            }

            string[] shortNames = ShortNames.Assign(names);
            Folder folder = new(parent, parent is null && options.VolumeLabel.Length > 0);
            folders.Add(folder);
            for (int i = 0; i < names.Length; i++)
            {
                folder.Items.Add(new(names[i], shortNames[i], node.Children[names[i]]));
            }

            if (folder.Length > FatFormat.MaximumDirectoryLength)
            {
                throw new ArgumentException($"fat: \"{path}\" has {names.Length} entries, too many for a directory");
            }

            foreach (Item item in folder.Items)
            {
                item.Folder = item.Node.Kind == FileKind.Directory ? Add(item.Node, folder, $"{path}{item.Name}/") : null;
            }

            return folder;
        }
    }

    private static string? Problem(string name, FileNode node, HashSet<string> seen) =>
        node.Kind is not (FileKind.Regular or FileKind.Directory) ? $"is a {node.Kind}, and FAT has files and directories only"
        : node.Content.Length > uint.MaxValue ? $"has {node.Content.Length} bytes, and a FAT file at most 4,294,967,295"
        : name.Length > FatFormat.MaximumNameUnits ? $"has a name of {name.Length} UTF-16 units, and 255 are the most"
        : name[^1] is '.' or ' ' ? "ends with a dot or a space, which other systems drop"
        : name.Any(c => c < ' ' || c == '\u007f' || Forbidden.Contains(c, StringComparison.Ordinal)) ? "has a character that FAT does not allow"
        : !FatFormat.IsText(name) ? "is not valid UTF-8"
        : !seen.Add(name) ? "differs from another name in case only"
        : null;

    private static byte[] Serialize(Folder folder, FatGeometry geometry, FatOptions options)
    {
        if (folder.Parent is null && geometry.RootEntries > 0 && folder.Length > geometry.RootEntries * FatFormat.EntrySize)
        {
            throw new ArgumentException($"fat: the root directory of a FAT16 volume has {geometry.RootEntries} entries, and the tree needs {folder.Length / FatFormat.EntrySize}");
        }

        byte[] bytes = new byte[folder.Length];
        Span<byte> rest = bytes;
        if (folder.HasLabel)
        {
            rest = Write(rest, options.VolumeLabel.PadRight(FatFormat.ShortNameLength), FatFormat.VolumeLabel, 0, 0, options);
        }

        if (folder.Parent is { } parent)
        {
            // The parent's cluster is 0 if that is the root, on FAT32 too.
            rest = Write(rest, ".".PadRight(FatFormat.ShortNameLength), FatFormat.Directory, folder.Cluster, 0, options);
            rest = Write(rest, "..".PadRight(FatFormat.ShortNameLength), FatFormat.Directory, parent.Parent is null ? 0 : parent.Cluster, 0, options);
        }

        foreach (Item item in folder.Items)
        {
            rest = WriteLongName(rest, item);
            byte attributes = item.Folder is null ? FatFormat.Archive : FatFormat.Directory;
            rest = Write(rest, item.ShortName, attributes, item.Cluster, item.Folder is null ? (uint)item.Node.Content.Length : 0, options);
        }

        return bytes;
    }

    private static Span<byte> Write(Span<byte> entry, string shortName, byte attributes, uint cluster, uint size, FatOptions options)
    {
        Encoding.ASCII.GetBytes(shortName, entry);
        entry[11] = attributes;
        (ushort date, ushort time, byte tenths) = FatTime.Encode(options.TimeSeconds);
        if (attributes != FatFormat.VolumeLabel)
        {
            entry[13] = tenths;
            BinaryPrimitives.WriteUInt16LittleEndian(entry[14..], time);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[16..], date);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[18..], date);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(entry[20..], (ushort)(cluster >> 16));
        BinaryPrimitives.WriteUInt16LittleEndian(entry[22..], time);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[24..], date);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[26..], (ushort)(cluster & 0xFFFF));
        BinaryPrimitives.WriteUInt32LittleEndian(entry[28..], size);
        return entry[FatFormat.EntrySize..];
    }

    /// <summary>The entries before the short one, last part first; units behind the name are a NUL, then 0xFFFF.</summary>
    private static Span<byte> WriteLongName(Span<byte> rest, Item item)
    {
        Span<byte> packed = stackalloc byte[FatFormat.ShortNameLength];
        Encoding.ASCII.GetBytes(item.ShortName, packed);
        byte checksum = FatFormat.Checksum(packed);
        for (int part = item.LongEntries; part > 0; part--)
        {
            rest[0] = (byte)(part | (part == item.LongEntries ? FatFormat.LastLongEntry : 0));
            rest[11] = FatFormat.LongName;
            rest[13] = checksum;
            for (int i = 0; i < FatFormat.LongNameUnits; i++)
            {
                int at = ((part - 1) * FatFormat.LongNameUnits) + i;
                ushort unit = at < item.Name.Length ? item.Name[at] : at == item.Name.Length ? (ushort)0 : ushort.MaxValue;
                BinaryPrimitives.WriteUInt16LittleEndian(rest[FatFormat.LongNameOffsets[i]..], unit);
            }

            rest = rest[FatFormat.EntrySize..];
        }

        return rest;
    }

    private sealed class Folder(Folder? parent, bool hasLabel)
    {
        public Folder? Parent => parent;

        public bool HasLabel => hasLabel;

        public List<Item> Items { get; } = [];

        public uint Cluster { get; set; }

        /// <summary>Size in bytes; a directory without entries still has one cluster.</summary>
        public long Length => Math.Max(1, (hasLabel ? 1 : 0) + (parent is null ? 0 : 2) + Items.Sum(item => item.LongEntries + 1)) * FatFormat.EntrySize;
    }

    private sealed class Item(string name, string shortName, FileNode node)
    {
        public string Name => name;

        public string ShortName => shortName;

        public FileNode Node => node;

        public Folder? Folder { get; set; }

        public uint Cluster { get; set; }

        public int LongEntries { get; } = ShortNames.TryEncode(name, out _) ? 0 : (name.Length + FatFormat.LongNameUnits - 1) / FatFormat.LongNameUnits;
    }
}
