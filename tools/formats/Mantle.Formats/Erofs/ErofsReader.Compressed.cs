using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Erofs.Compression;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Erofs;

/// <content>Compressed files.</content>
public sealed partial class ErofsReader
{
    private const int ClusterHeaderAlignment = 8;
    private const int CacheCapacity = 16 << 20; // room for the largest extent there can be

    private readonly ErofsCompression _compression;
    private readonly ErofsDecompressor _decompressor;
    private readonly BlockCache<ErofsCompressedSource.Key> _cache = new(CacheCapacity);
    private ByteSource? _packed;

    private ByteSource Compressed(ErofsInode inode, Budget budget)
    {
        long headerOffset = ErofsFormat.RoundUp(inode.BodyOffset, ClusterHeaderAlignment);
        byte[] bytes = _image.ReadBytes(headerOffset, ErofsClusterHeader.Length, ErofsFormat.Name);
        ErofsClusterHeader header = ErofsClusterHeader.Read(bytes, headerOffset, inode.DataLayout, Superblock);
        if (header.IsFragment)
        {
            return Fragment(inode, header.FragmentOffset, inode.Size, budget);
        }

        if (inode.DataLayout == ErofsDataLayout.CompressedCompact && !ErofsClusterIndex.IsCompactPossible(header))
        {
            throw Malformed(headerOffset, $"compact index of clusters of 2^{header.ClusterBits} bytes is not supported");
        }

        // The shortest entries are of two bytes.
        long count = ((inode.Size - 1) >> header.ClusterBits) + 1;
        if (count > Math.Min(_length, Array.MaxLength) / sizeof(ushort))
        {
            throw Malformed(headerOffset, $"index of {count} clusters is outside the file system");
        }

        ErofsClusterIndex.Place place = ErofsClusterIndex.Locate(inode.DataLayout, header, headerOffset, count);
        if (place.Length > Array.MaxLength || place.Offset > _length - place.Length)
        {
            throw Malformed(headerOffset, $"index of {count} clusters is outside the file system");
        }

        budget.Take(place.Length, inode.Offset);
        byte[] table = _image.ReadBytes(place.Offset, (int)place.Length, ErofsFormat.Name);
        ErofsExtentBuilder extents = new(inode, header, _compression, Superblock, place.Offset + place.Length);
        ErofsClusterIndex.Read(inode.DataLayout, header, place, count, table, extents);
        extents.Finish();
        return WithFragment(inode, extents, budget);
    }

    private ByteSource WithFragment(ErofsInode inode, ErofsExtentBuilder extents, Budget budget)
    {
        long inClusters = extents.FragmentStart;
        ByteSource? tail = inClusters == inode.Size ? null : Fragment(inode, extents.FragmentOffset, inode.Size - inClusters, budget);
        if (inClusters == 0)
        {
            return tail!;
        }

        ErofsCompressedSource clusters = new(extents.Extents, inClusters, _decompressor, _cache);
        return tail is null ? clusters : ByteSource.Compose(inode.Size, [new(0, clusters), new(inClusters, tail)]);
    }

    private ByteSource Fragment(ErofsInode inode, long offset, long length, Budget budget)
    {
        if (inode.Nid == Superblock.PackedNid)
        {
            throw Malformed(inode.Offset, "packed inode has a fragment itself");
        }

        ByteSource packed = Packed(budget);
        return offset < 0 || offset > packed.Length - length
            ? throw Malformed(inode.Offset, $"fragment of {length} bytes at {offset} is outside the packed inode of {packed.Length}")
            : packed.Slice(offset, length);
    }

    private ByteSource Packed(Budget budget)
    {
        if (_packed is null)
        {
            if (Superblock.PackedNid == 0 || !Superblock.IncompatibleFeatures.HasFlag(ErofsIncompatibleFeatures.Fragments))
            {
                throw Malformed(ErofsFormat.SuperblockOffset, "there are fragments but no packed inode");
            }

            ErofsInode inode = ReadInode(Superblock.PackedNid);
            if (inode.Kind != FileKind.Regular)
            {
                throw Malformed(inode.Offset, $"packed inode is a {inode.Kind}");
            }

            _packed = Content(inode, budget);
        }

        return _packed;
    }
}
