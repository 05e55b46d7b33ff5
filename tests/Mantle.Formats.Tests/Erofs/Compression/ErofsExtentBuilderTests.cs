using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Erofs.Compression;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Erofs.Compression;

/// <summary>Indexes entry by entry: what they mean, and that each of the ways to be wrong is refused for its reason.</summary>
public class ErofsExtentBuilderTests
{
    private const int ImageBlocks = 100;
    private const ErofsClusterHeader.Advice None = ErofsClusterHeader.Advice.None;
    private const ErofsClusterHeader.Advice Big = ErofsClusterHeader.Advice.BigHead1 | ErofsClusterHeader.Advice.BigHead2;
    private const ErofsClusterHeader.Advice Inline = ErofsClusterHeader.Advice.InlineTail;
    private const ErofsClusterHeader.Advice Fragment = ErofsClusterHeader.Advice.FragmentTail;

    private static ErofsCluster Plain(uint block, int offset = 0) => new() { Type = ErofsCluster.Kind.Plain, Block = block, Offset = offset };

    private static ErofsCluster Head(uint block, int offset = 0, ErofsCluster.Kind kind = ErofsCluster.Kind.Head1) => new() { Type = kind, Block = block, Offset = offset };

    private static ErofsCluster Next(int? back, int forward = 0) => new() { Type = ErofsCluster.Kind.Continued, Back = back, Forward = forward };

    private static ErofsCluster Blocks(int blocks) => new() { Type = ErofsCluster.Kind.Continued, Back = 1, Blocks = blocks };

    [Fact]
    public void An_extent_goes_on_to_where_the_next_one_starts()
    {
        ErofsExtentBuilder extents = Build(16_000, None, Head(7), Next(1, 1), Head(8, 100), Plain(0, 3712));
        Assert.Equal([new(0, 7 * 4096, 4096, ErofsAlgorithm.Lz4, false), new(8292, 8 * 4096, 4096, ErofsAlgorithm.Lz4, false)], extents.Extents);
        Assert.Equal(16_000, extents.FragmentStart);
    }

    [Fact]
    public void The_second_cluster_says_how_many_blocks_there_are()
    {
        ErofsExtentBuilder extents = Build(20_000, Big, Head(7), Blocks(3), Next(2), Head(10), Head(11));
        Assert.Equal([3 * 4096, 4096, 4096], extents.Extents.Select(extent => extent.SourceLength));
    }

    [Fact]
    public void An_inline_tail_follows_the_index()
    {
        ErofsExtentBuilder extents = Build(5000, Inline, Head(7), Head(0, 500));
        Assert.Equal(new ErofsExtent(4596, 5000, 77, ErofsAlgorithm.Lz4, false), extents.Extents[1]);
    }

    [Fact]
    public void A_fragment_may_be_far_into_the_packed_inode()
    {
        ErofsExtentBuilder extents = Build(5000, Fragment, Head(7), Head(2, 500));
        Assert.Equal(0, Assert.Single(extents.Extents).Start);
        Assert.Equal((4596, (2L << 32) + 77), (extents.FragmentStart, extents.FragmentOffset));
    }

    [Fact]
    public void What_no_index_may_say_is_refused()
    {
        Refused("continues an extent 1 clusters before", 4096, None, Next(1));
        Refused("continues an extent 2 clusters before", 9000, None, Head(7), Next(2));
        Refused("continues an extent 0 clusters before", 9000, None, Head(7), Next(0));
        Refused("extent starts at 1 of the cluster", 9000, None, Head(7, 1));
        Refused("extent starts at 4096 of the cluster", 9000, None, Head(7), Head(8, 4096));
        Refused("extent starts at 1000 of the cluster", 5000, None, Head(7), Head(8, 1000));
        Refused("extent ends 3 clusters before where it was announced", 12_288, None, Head(7), Next(1, 4), Head(8));
        Refused("extent ends 1 clusters before where it was announced", 8192, None, Head(7), Next(1, 2));
        Refused("has a number of blocks where none belongs", 8192, None, Head(7), Blocks(1));
        Refused("has a number of blocks where none belongs", 12_288, Big, Head(7), Blocks(1), Blocks(1));
        Refused("is not said", 8192, Big, Head(7), Next(1));
        Refused("is not said", 8192, Big, Head(7), Blocks(0));
        Refused("are too many or outside the file system", 8192, Big, Head(7), Blocks(257));
        Refused("are too many or outside the file system", 4096, None, Head(ImageBlocks));
        Refused("are too many or outside the file system", 4096, None, Head(uint.MaxValue));
        Refused("compression algorithm 5 is not announced", 4096, None, Head(7, 0, ErofsCluster.Kind.Head2));
        Refused("4097 bytes that are not compressed are said to be in 4096", 4097, None, Plain(7), Next(1));
        Refused("extent of 12582913 bytes is not possible", (12 << 20) + 1, None, [Head(7), .. Enumerable.Range(1, 3072).Select(i => Next(Math.Min(i, 2047)))]);
    }

    [Fact]
    public void An_inline_tail_across_a_block_boundary_is_refused()
    {
        MalformedInputException problem = Assert.Throws<MalformedInputException>(() => Build(4096, Inline, 8192 - 76, Head(7)));
        Assert.Contains("inline tail of 77 bytes crosses a block boundary", problem.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "0000000040000000", "compression flags 0x40 are not possible here")]
    [InlineData(1, "0000000001000000", "compression flags 0x1 are not possible here")]
    [InlineData(3, "0000000002000000", "compression flags 0x2 are not possible here")]
    [InlineData(3, "0000000006000000", "compression flags 0x6 are not possible here")]
    [InlineData(3, "0000100028000000", "compression flags 0x28 are not possible here")]
    [InlineData(3, "0000000000000010", "compression header 0x1000000000000000 is not supported")]
    [InlineData(3, "0000000008000000", "compression header 0x0000000800000000 is not supported")]
    [InlineData(3, "0100010008000000", "compression header 0x0000000800010001 is not supported")]
    public void A_header_that_cannot_be_is_refused(int layout, string bytes, string problem) =>
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(
            () => ErofsClusterHeader.Read(Convert.FromHexString(bytes), 0, (ErofsDataLayout)layout, new ErofsSuperblock())).Problem);

    private static void Refused(string problem, long size, ErofsClusterHeader.Advice flags, params ErofsCluster[] clusters) =>
        Assert.Contains(problem, Assert.Throws<MalformedInputException>(() => Build(size, flags, clusters)).Problem, StringComparison.Ordinal);

    private static ErofsExtentBuilder Build(long size, ErofsClusterHeader.Advice flags, params ErofsCluster[] clusters) => Build(size, flags, 5000, clusters);

    private static ErofsExtentBuilder Build(long size, ErofsClusterHeader.Advice flags, long indexEnd, params ErofsCluster[] clusters)
    {
        ErofsSuperblock superblock = new() { BlockCount = ImageBlocks, IncompatibleFeatures = ErofsIncompatibleFeatures.ZeroPadding };
        ErofsCompression compression = ErofsCompression.Read(ByteSource.Empty, superblock);
        byte[] header = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(header, flags == Inline ? 77 << 16 : 77);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), (ushort)flags);
        header[6] = 5 << 4;
        superblock = superblock with { IncompatibleFeatures = ErofsIncompatibleFeatures.ZeroPadding | ErofsIncompatibleFeatures.CompressionConfigurations };
        ErofsInode inode = new()
        {
            Nid = 1,
            Offset = 4096,
            IsExtended = false,
            DataLayout = ErofsDataLayout.CompressedFull,
            Kind = FileKind.Regular,
            Permissions = 0,
            Links = 1,
            Size = size,
            Data = 0,
            UserId = 0,
            GroupId = 0,
            ModifiedSeconds = 0,
            AttributeLength = 0,
        };
        ErofsExtentBuilder extents = new(inode, ErofsClusterHeader.Read(header, 0, inode.DataLayout, superblock), compression, superblock, indexEnd);
        foreach (ErofsCluster cluster in clusters)
        {
            extents.Add(cluster);
        }

        extents.Finish();
        return extents;
    }
}
