using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Cpio;
using Mantle.Formats.Erofs;
using Mantle.Formats.Ext4;
using Mantle.Formats.Fat;
using Mantle.Formats.Squashfs;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>A format whose content is a file tree. Another format is one more line in <see cref="All"/>.</summary>
/// <param name="Name">Its short name.</param>
/// <param name="IsArchive">True: what the kernel unpacks as an initrd.</param>
/// <param name="IsThis">Whether bytes start as this format does. It looks at little, and never throws on bad bytes.</param>
/// <param name="Read">Reads the tree, given what may come out of decompressors; throws <see cref="MalformedInputException"/> only.</param>
internal sealed record TreeFormat(string Name, bool IsArchive, Func<ByteSource, bool> IsThis, Func<ByteSource, DecompressionOptions, FileTree> Read)
{
    /// <summary>Every format that is known by its first bytes and can be read.</summary>
    public static IReadOnlyList<TreeFormat> All { get; } =
    [
        new("erofs", false, ErofsReader.IsErofs, (source, _) => ErofsReader.Open(source).ReadTree()),
        new("squashfs", false, Magic.IsSquashfs, (source, _) => SquashfsReader.Open(source).ReadTree()),
        new("ext4", false, Magic.IsExt, (source, _) => ReadExt(source)),
        new("cpio", true, source => Magic.StartsWith(source, 0, "070701"u8) || Magic.StartsWith(source, 0, "070702"u8), ReadInitrd),
        new("fat", false, Magic.IsFat, (source, _) => FatReader.ReadTree(source)),
    ];

    /// <summary>A compressed initrd. The first bytes only say by what it is compressed, so it is tried where the kernel or a boot loader would.</summary>
    public static TreeFormat CompressedInitrd { get; } = new("initrd", true, source => Decompression.Identify(source) != CompressionFormat.None, ReadInitrd);

    public static TreeFormat? Of(ByteSource source) => All.FirstOrDefault(format => format.IsThis(source));

    // What it has unpacked is given back when nobody holds the tree any more.
    private static FileTree ReadInitrd(ByteSource source, DecompressionOptions options) => Initrd.Read(source, options).Tree;

    private static FileTree ReadExt(ByteSource source)
    {
        Ext4Reader reader = Ext4Reader.Open(source);
        return reader.Superblock.NeedsRecovery
            ? throw MalformedInputException.Unsupported("ext4", 1024, "a journal that has not been replayed, behind which files may be others,")
            : reader.ReadTree();
    }
}
