using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Cpio;

/// <summary>A tree as lines that two trees can be compared by, hard links included.</summary>
internal static class TreeText
{
    public static string Of(FileTree tree)
    {
        Dictionary<FileNode, string> first = new(ReferenceEqualityComparer.Instance);
        List<string> lines = [];
        foreach ((string path, FileNode node) in tree.Walk())
        {
            string same = node.Kind != FileKind.SymbolicLink && !first.TryAdd(node, path) ? first[node] : "";
            lines.Add(string.Create(CultureInfo.InvariantCulture,
                $"{path} {node.Mode:x} {node.UserId}:{node.GroupId} {node.ModifiedSeconds} {node.DeviceMajor},{node.DeviceMinor} [{node.LinkTarget}] [{same}] {Convert.ToHexString(node.Content.ToArray())}"));
        }

        return string.Join('\n', lines);
    }

    /// <summary>A tree with a file at each path, its text as content.</summary>
    public static FileTree With(params (string Path, string Content)[] files)
    {
        FileTree tree = new();
        foreach ((string path, string content) in files)
        {
            tree.Put(path, FileNode.Regular(Bytes(content)));
        }

        return tree;
    }

    public static ByteSource Bytes(string text) => ByteSource.FromMemory(LinuxText.Encode(text));
}
