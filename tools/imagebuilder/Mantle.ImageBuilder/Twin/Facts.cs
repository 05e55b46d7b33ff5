using System.Globalization;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Tree;

namespace Mantle.ImageBuilder.Twin;

/// <summary>A file in one line: equal lines are equal files, but for name and time.</summary>
internal static class Facts
{
    public static string Of(FileNode node, string digest)
    {
        string mode = Convert.ToString(node.Permissions, 8).PadLeft(4, '0');
        string what = node.Kind switch
        {
            FileKind.Regular => string.Create(CultureInfo.InvariantCulture, $"file, {node.Content.Length:N0} bytes, sha256 {digest}"),
            FileKind.SymbolicLink => $"link to {node.LinkTarget}",
            FileKind.Directory => "directory",
            _ => string.Create(CultureInfo.InvariantCulture, $"{node.Kind} {node.DeviceMajor}:{node.DeviceMinor}"),
        };
        string owner = node.UserId == 0 && node.GroupId == 0 ? "" : $", owner {node.UserId}:{node.GroupId}";
        string attributes = string.Concat(node.ExtendedAttributes.Select(attribute => $", {attribute.Key}={Convert.ToHexStringLower(attribute.Value)}"));
        return $"{what}, mode {mode}{owner}{attributes}";
    }

    public static string DigestOf(FileNode node) => node.Kind == FileKind.Regular ? Convert.ToHexStringLower(TreeDigest.HashContent(node.Content)) : "";
}
