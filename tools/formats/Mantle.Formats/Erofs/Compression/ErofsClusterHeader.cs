using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs.Compression;

/// <summary>The eight bytes before the index of a compressed file (struct z_erofs_map_header).</summary>
internal readonly record struct ErofsClusterHeader
{
    public const int Length = 8;

    private const int ClusterBitsMask = 0xF;
    private const ulong WholeFileFlag = 1UL << 63;

    /// <summary>Bits of h_advise.</summary>
    [Flags]
    public enum Advice
    {
        None = 0,
        Compacted2Byte = 0x1,
        BigHead1 = 0x2,
        BigHead2 = 0x4,
        InlineTail = 0x8,
        Interlaced = 0x10,
        FragmentTail = 0x20,
        Known = (FragmentTail << 1) - 1,
    }

    /// <summary>The whole file is a fragment; there is no index.</summary>
    public bool IsFragment { get; private init; }

    /// <summary>Offset in the packed inode, of the file or of its tail. A tail in an index of full width adds the upper half.</summary>
    public long FragmentOffset { get; private init; }

    public Advice Flags { get; private init; }

    /// <summary>Bytes of the inline tail in the image.</summary>
    public int InlineLength { get; private init; }

    public int Algorithm1 { get; private init; }

    public int Algorithm2 { get; private init; }

    /// <summary>Binary logarithm of the logical cluster, which is what an entry of the index stands for.</summary>
    public int ClusterBits { get; private init; }

    public static ErofsClusterHeader Read(ReadOnlySpan<byte> bytes, long offset, ErofsDataLayout layout, ErofsSuperblock superblock)
    {
        SpanReader reader = new(bytes, ErofsFormat.Name, offset);
        ulong whole = new SpanReader(bytes, ErofsFormat.Name, offset).ReadUInt64LittleEndian();
        if ((whole & WholeFileFlag) != 0)
        {
            return new ErofsClusterHeader { IsFragment = true, FragmentOffset = (long)(whole & ~WholeFileFlag) };
        }

        uint low = reader.ReadUInt32LittleEndian();
        Advice flags = (Advice)reader.ReadUInt16LittleEndian();
        int algorithms = reader.ReadByte();
        int clusterBits = reader.ReadByte();
        bool isCompact = layout == ErofsDataLayout.CompressedCompact;
        const Advice Big = Advice.BigHead1 | Advice.BigHead2;
        const Advice Tails = Advice.InlineTail | Advice.FragmentTail;
        if ((flags & ~Advice.Known) != 0
            || (flags & Tails) == Tails
            || (!isCompact && flags.HasFlag(Advice.Compacted2Byte))
            || (isCompact && (flags & Big) is not (Advice.None or Big))
            || ((flags & Big) != 0 && !superblock.IncompatibleFeatures.HasFlag(ErofsIncompatibleFeatures.CompressionConfigurations)))
        {
            throw reader.Malformed($"compression flags 0x{(int)flags:x} are not possible here");
        }

        bool isInline = flags.HasFlag(Advice.InlineTail);
        if ((clusterBits & ~ClusterBitsMask) != 0 || (isInline && (low >> 16 == 0 || (low & ushort.MaxValue) != 0)))
        {
            throw reader.Malformed($"compression header 0x{whole:x16} is not supported");
        }

        return new ErofsClusterHeader
        {
            FragmentOffset = flags.HasFlag(Advice.FragmentTail) ? low : 0,
            Flags = flags,
            InlineLength = isInline ? (int)(low >> 16) : 0,
            Algorithm1 = algorithms & 0xF,
            Algorithm2 = algorithms >> 4,
            ClusterBits = superblock.BlockSizeBits + clusterBits,
        };
    }
}
