using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Cpio;

/// <summary>Random trees with every kind of file, hard links included.</summary>
internal static class RandomTree
{
    private static readonly string[] s_names = ["a", "bin", "x.y", "lib64", "ä ö", "\udcff\udc80", "...", "-n", "new\nline", "𝄞"];

    private static readonly Gen<string> s_name = Gen.OneOf(
        Gen.Int[0, s_names.Length - 1].Select(index => s_names[index]),
        Gen.Char['a', 'z'].Array[1, 40].Select(letters => new string(letters)));

    private static readonly Gen<FileNode> s_node =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 0xFFF], Gen.UInt, Gen.UInt, Gen.UInt, Gen.Byte.Array[0, 70]).Select((kind, mode, owner, time, device, bytes) =>
        {
            FileKind[] kinds = Enum.GetValues<FileKind>();
            FileNode node = kinds[kind] switch
            {
                FileKind.Regular => FileNode.Regular(ByteSource.FromMemory(bytes), mode),
                FileKind.SymbolicLink => new(FileKind.SymbolicLink, mode) { LinkTarget = $"../{Convert.ToHexString(bytes)}" },
                FileKind other => new(other, mode),
            };
            node.UserId = owner;
            node.GroupId = owner ^ 1;
            node.ModifiedSeconds = time;
            if (node.Kind is FileKind.BlockDevice or FileKind.CharacterDevice)
            {
                node.DeviceMajor = device >> 20;
                node.DeviceMinor = device & 0xFFFFF;
            }

            return node;
        });

    /// <summary>A random tree of up to thirty files.</summary>
    public static Gen<FileTree> Any { get; } = Gen.Select(s_name, s_node, Gen.Int[0, 1000], Gen.Bool).Array[0, 30].Select(files =>
    {
        FileTree tree = new();
        List<FileNode> folders = [tree.Root];
        List<FileNode> linkable = [];
        foreach ((string name, FileNode node, int choice, bool again) in files)
        {
            FileNode parent = folders[choice % folders.Count];
            if (parent.Children.ContainsKey(name))
            {
                continue;
            }

            bool link = again && linkable.Count > 0 && choice % 3 == 0;
            FileNode put = link ? linkable[choice % linkable.Count] : Copy(node);
            parent.Children.Add(name, put);
            if (put.Kind == FileKind.Directory)
            {
                folders.Add(put);
            }
            else if (put.Kind != FileKind.SymbolicLink)
            {
                linkable.Add(put);
            }
        }

        return tree;
    });

    // A sample may be made more than once from the same generated nodes; each tree needs its own.
    private static FileNode Copy(FileNode node) => new(node.Kind, node.Permissions)
    {
        UserId = node.UserId,
        GroupId = node.GroupId,
        ModifiedSeconds = node.ModifiedSeconds,
        DeviceMajor = node.DeviceMajor,
        DeviceMinor = node.DeviceMinor,
        Content = node.Content,
        LinkTarget = node.LinkTarget,
    };
}
