using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Erofs;
using Mantle.Formats.Fat;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>A format whose content is a file tree. Another format is one more line in <see cref="All"/>.</summary>
/// <param name="Name">Its short name.</param>
/// <param name="IsArchive">True: what the kernel unpacks as an initrd.</param>
/// <param name="IsThis">Whether bytes start as this format does. It looks at little, and never throws on bad bytes.</param>
/// <param name="Read">Reads the tree; throws <see cref="MalformedInputException"/> only.</param>
internal sealed record TreeFormat(string Name, bool IsArchive, Func<ByteSource, bool> IsThis, Func<ByteSource, FileTree> Read)
{
    /// <summary>Every format that can be read.</summary>
    public static IReadOnlyList<TreeFormat> All { get; } =
    [
        new("erofs", false, ErofsReader.IsErofs, source => ErofsReader.Open(source).ReadTree()),
        new("cpio", true, source => Magic.StartsWith(source, 0, "070701"u8) || Magic.StartsWith(source, 0, "070702"u8), CpioReader.ReadTree),
        new("fat", false, Magic.IsFat, FatReader.ReadTree),
    ];

    public static TreeFormat? Of(ByteSource source) => All.FirstOrDefault(format => format.IsThis(source));
}
