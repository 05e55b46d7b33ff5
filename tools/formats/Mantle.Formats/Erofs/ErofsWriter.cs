using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Erofs;

/// <summary>
/// Lays file trees out as EROFS images: uncompressed, blocks of 4096 bytes, times in seconds, extended attributes with their inodes.
/// Block 0 has the superblock and nothing else, then come the inodes with their tails, then directories, then file data in tree order.
/// The bytes follow from the tree and the options alone.
/// </summary>
public static class ErofsWriter
{
    private const int InodeAreaBlock = 1;

    /// <summary>
    /// Computes an image. The metadata are in memory; the data of files are slices of <see cref="FileNode.Content"/>, read when the image is.
    /// </summary>
    /// <returns>The image; its length is a multiple of 4096.</returns>
    /// <exception cref="ArgumentException">The tree or an option has no form in EROFS; the message names the file.</exception>
    public static ByteSource Layout(FileTree tree, ErofsOptions options)
    {
        Verify(options);
        List<ErofsInodePlan> inodes = ErofsTreePlan.Collect(tree, options.BuildTimeSeconds, out Func<ErofsInodePlan, List<ErofsDirectory.Entry>> entriesOf);
        uint blocks = Place(inodes, entriesOf);
        return Compose(inodes, entriesOf, blocks, new ErofsSuperblock
        {
            CompatibleFeatures = ErofsCompatibleFeatures.SuperblockChecksum | ErofsCompatibleFeatures.ModificationTime,
            RootNid = (ushort)inodes[0].Nid,
            InodeCount = (ulong)inodes.Count,
            BuildTimeSeconds = options.BuildTimeSeconds,
            BlockCount = blocks,
            VolumeId = options.VolumeId,
            VolumeName = options.VolumeName,
        });
    }

    private static void Verify(ErofsOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.BuildTimeSeconds, nameof(options));
        byte[] name = LinuxText.Encode(options.VolumeName);
        if (name.Length > 15 || name.Contains((byte)0))
        {
            throw new ArgumentException($"volume name \"{options.VolumeName}\" is longer than 15 bytes or holds a NUL", nameof(options));
        }
    }

    // The root comes first: its inode number has 16 bits in the superblock.
    private static uint Place(List<ErofsInodePlan> inodes, Func<ErofsInodePlan, List<ErofsDirectory.Entry>> entriesOf)
    {
        ErofsInodeArea area = new(InodeAreaBlock);
        foreach (ErofsInodePlan inode in inodes)
        {
            if (inode.Node.Kind == FileKind.Directory)
            {
                inode.Size = ErofsDirectory.Measure(entriesOf(inode));
            }

            int tail = (int)(inode.Size % ErofsFormat.BlockSize);
            inode.DataLayout = tail > 0 && inode.HeaderLength + tail <= ErofsFormat.BlockSize ? ErofsDataLayout.Inline : ErofsDataLayout.Plain;
            inode.Offset = area.Take(inode.HeaderLength + inode.TailLength);
        }

        long next = area.EndBlock;
        foreach (bool directories in (ReadOnlySpan<bool>)[true, false])
        {
            foreach (ErofsInodePlan inode in inodes)
            {
                if (inode.Node.Kind == FileKind.Directory != directories || inode.BlockCount == 0)
                {
                    continue;
                }

                if (inode.BlockCount >= ErofsFormat.NullBlock - next)
                {
                    throw new ArgumentException($"\"{inode.Path}\" does not fit: an image has fewer than 2^32 blocks");
                }

                inode.FirstBlock = (uint)next;
                next += inode.BlockCount;
            }
        }

        return (uint)next;
    }

    private static ByteSource Compose(
        List<ErofsInodePlan> inodes, Func<ErofsInodePlan, List<ErofsDirectory.Entry>> entriesOf, uint blocks, ErofsSuperblock superblock)
    {
        byte[] firstBlock = new byte[ErofsFormat.BlockSize];
        superblock.WriteTo(firstBlock);
        List<ByteSource.Extent> extents = [new(0, ByteSource.FromMemory(firstBlock))];
        ErofsMetadataRuns metadata = new();
        foreach (ErofsInodePlan inode in inodes.OrderBy(inode => inode.Offset))
        {
            inode.WriteTo(metadata.Reserve(inode.Offset, inode.HeaderLength));
            ByteSource data = inode.Node.Kind switch
            {
                FileKind.Regular => inode.Node.Content,
                FileKind.Directory => ByteSource.FromMemory(ErofsDirectory.Encode(entriesOf(inode), inode.Size)),
                FileKind.SymbolicLink => ByteSource.FromMemory(ErofsDirectory.NameBytes(inode.Node.LinkTarget)),
                _ => ByteSource.Empty,
            };
            long inBlocks = inode.Size - inode.TailLength;
            if (inBlocks > 0)
            {
                extents.Add(new((long)inode.FirstBlock * ErofsFormat.BlockSize, data.Slice(0, inBlocks)));
            }

            if (inode.TailLength > 0 && inode.Node.Kind == FileKind.Regular)
            {
                metadata.EndRun();
                extents.Add(new(inode.Offset + inode.HeaderLength, data.Slice(inBlocks, inode.TailLength)));
            }
            else if (inode.TailLength > 0)
            {
                data.ReadExactly(inBlocks, metadata.Reserve(inode.Offset + inode.HeaderLength, inode.TailLength));
            }
        }

        extents.AddRange(metadata.ToExtents());
        return ByteSource.Compose((long)blocks * ErofsFormat.BlockSize, extents);
    }
}
