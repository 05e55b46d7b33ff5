using Mantle.Formats.Tree;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>A file tree found in the image.</summary>
/// <param name="Prefix">What precedes a path in it: <c>root:</c>, <c>initrd(EFI/BOOT/BOOTX64.EFI):</c>, or <c>root:/opt/a.squashfs!</c> for a nested one.</param>
/// <param name="Role">What it is for; a nested tree has the role of the tree around it, an archive that the kernel could unpack is an initrd.</param>
/// <param name="Format">The format it was read from: <c>erofs</c>.</param>
/// <param name="Tree">The files.</param>
/// <param name="Depth">0 for a tree of the image itself, 1 for one in a file of such a tree, and so on.</param>
public sealed record InspectedTree(string Prefix, TreeRole Role, string Format, FileTree Tree, int Depth)
{
    /// <summary>The full place of a file; its path has no leading slash.</summary>
    public string PlaceOf(string path) => $"{Prefix}/{path}";
}
