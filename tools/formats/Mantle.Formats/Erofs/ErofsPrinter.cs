using System.Globalization;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Erofs;

/// <summary>Prints an image: the superblock, then a line for each name. For golden files, for reviewers, and to see where two images differ.</summary>
public static class ErofsPrinter
{
    /// <summary>
    /// Prints to <paramref name="output"/>, lines ended by LF. Names are escaped so that no byte of an image reaches a terminal as a control code.
    /// </summary>
    /// <exception cref="MalformedInputException">The image is damaged or has what is not supported.</exception>
    public static void Print(ErofsReader reader, TextWriter output)
    {
        Dictionary<FileNode, ErofsInode> inodes = new(ReferenceEqualityComparer.Instance);
        FileTree tree = reader.ReadTree(inodes);
        PrintSuperblock(reader.Superblock, output);
        HashSet<FileNode> printed = new(ReferenceEqualityComparer.Instance);
        foreach ((string path, FileNode node) in tree.Walk().Prepend(("", tree.Root)))
        {
            StringBuilder line = new(string.Create(CultureInfo.InvariantCulture, $"{inodes[node].Nid,8} "));
            if (printed.Add(node))
            {
                Describe(line, node, inodes[node]);
            }
            else
            {
                line.Append("link to the same inode");
            }

            line.Append(" /").Append(Escape(path));
            if (node.Kind == FileKind.SymbolicLink)
            {
                line.Append(" -> ").Append(Escape(node.LinkTarget));
            }

            foreach ((string name, byte[] value) in node.ExtendedAttributes)
            {
                line.Append(" {").Append(Escape(name)).Append('=').Append(Convert.ToHexStringLower(value)).Append('}');
            }

            output.Write(line.Append('\n'));
        }
    }

    private static void PrintSuperblock(ErofsSuperblock superblock, TextWriter output)
    {
        Field("checksum", $"0x{superblock.Checksum:x8}");
        Field("compatible features", $"0x{(uint)superblock.CompatibleFeatures:x} ({superblock.CompatibleFeatures})");
        Field("incompatible features", $"0x{(uint)superblock.IncompatibleFeatures:x} ({superblock.IncompatibleFeatures})");
        Field("block size", $"{superblock.BlockSize}");
        Field("blocks", $"{superblock.BlockCount}");
        Field("metadata block", $"{superblock.MetadataBlock}");
        Field("attribute block", $"{superblock.AttributeBlock}");
        Field("inodes", $"{superblock.InodeCount}");
        Field("root inode", $"{superblock.RootNid}");
        Field("build time", $"{superblock.BuildTimeSeconds}.{superblock.BuildTimeNanoseconds:D9}");
        Field("volume id", $"{superblock.VolumeId:D}");
        Field("volume name", Escape(superblock.VolumeName));

        void Field(string name, string value) => output.Write($"{name + ":",-23}{value}\n");
    }

    private static void Describe(StringBuilder line, FileNode node, ErofsInode inode)
    {
        line.Append(CultureInfo.InvariantCulture, $"{(inode.IsExtended ? "extended" : "compact"),-8} {inode.DataLayout.ToString().ToLowerInvariant(),-10} ");
        line.Append(KindLetter(node.Kind)).Append(Convert.ToString(node.Permissions, 8).PadLeft(4, '0'));
        line.Append(CultureInfo.InvariantCulture, $" {node.UserId}:{node.GroupId} links {inode.Links} time {node.ModifiedSeconds} ");
        if (node.Kind is FileKind.CharacterDevice or FileKind.BlockDevice)
        {
            line.Append(CultureInfo.InvariantCulture, $"device {node.DeviceMajor}:{node.DeviceMinor}");
        }
        else
        {
            line.Append(CultureInfo.InvariantCulture, $"size {inode.Size}");
            if (inode.DataLayout is ErofsDataLayout.Plain or ErofsDataLayout.Inline && inode.Data != ErofsFormat.NullBlock && inode.Size > 0)
            {
                line.Append(CultureInfo.InvariantCulture, $" block {inode.Data}");
            }
        }
    }

    private static char KindLetter(FileKind kind) => kind switch
    {
        FileKind.Directory => 'd',
        FileKind.SymbolicLink => 'l',
        FileKind.CharacterDevice => 'c',
        FileKind.BlockDevice => 'b',
        FileKind.Fifo => 'p',
        FileKind.Socket => 's',
        _ => '-',
    };

    private static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length);
        foreach (byte b in LinuxText.Encode(text))
        {
            if (b is > 0x20 and < 0x7F and not (byte)'\\')
            {
                escaped.Append((char)b);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
            }
        }

        return escaped.ToString();
    }
}
