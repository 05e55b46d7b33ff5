using System.Buffers.Binary;
using System.Numerics;

namespace Mantle.Formats.Erofs.Compression;

/// <summary>
/// Decodes the index of a compressed file, of either form: eight bytes an entry, or packs of entries whose block number is said once
/// (16 entries of 14 bits or 2 of 16, then the number).
/// </summary>
internal static class ErofsClusterIndex
{
    private const int FullEntryLength = 8;
    private const int FullReserved = 8; // between the header and the first entry
    private const int PartialFlag = 1 << 15;
    private const int TypeMask = 3;
    private const int MaximumCompactBits = 14;
    private const int MaximumCompact2ByteBits = 12;
    private const int SmallPack = 2;
    private const int LargePack = 16;
    private const int Alignment = 32; // of packs of 16 entries

    /// <summary>Where the index is: its first entry, and the length of all entries.</summary>
    public readonly record struct Place(long Offset, long Length);

    /// <summary>Whether entries of such clusters exist in the compact form.</summary>
    public static bool IsCompactPossible(ErofsClusterHeader header) =>
        header.ClusterBits <= (header.Flags.HasFlag(ErofsClusterHeader.Advice.Compacted2Byte) ? MaximumCompact2ByteBits : MaximumCompactBits);

    public static Place Locate(ErofsDataLayout layout, ErofsClusterHeader header, long headerOffset, long count)
    {
        long offset = headerOffset + ErofsClusterHeader.Length;
        if (layout == ErofsDataLayout.CompressedFull)
        {
            return new Place(offset + FullReserved, count * FullEntryLength);
        }

        (long first, long large) = Split(header, offset, count);
        return new Place(offset, SmallLength(first) + (large * 2) + SmallLength(count - first - large));
    }

    public static void Read(ErofsDataLayout layout, ErofsClusterHeader header, Place place, long count, ReadOnlySpan<byte> table, ErofsExtentBuilder extents)
    {
        if (layout == ErofsDataLayout.CompressedFull)
        {
            for (; !table.IsEmpty; table = table[FullEntryLength..])
            {
                extents.Add(ReadFull(table, extents));
            }

            return;
        }

        (long first, long large) = Split(header, place.Offset, count);
        table = ReadPacks(header, table, first, SmallPack, extents);
        table = ReadPacks(header, table, large, LargePack, extents);
        ReadPacks(header, table, count - first - large, SmallPack, extents);
    }

    // Small packs up to where a large one is aligned, large ones as long as they are filled, small ones for the rest.
    private static (long First, long Large) Split(ErofsClusterHeader header, long offset, long count)
    {
        long first = ErofsFormat.RoundUp(offset, Alignment) - offset;
        first /= sizeof(uint);
        return header.Flags.HasFlag(ErofsClusterHeader.Advice.Compacted2Byte) && first < count
            ? (first, (count - first) / LargePack * LargePack)
            : (count, 0);
    }

    private static long SmallLength(long count) => ErofsFormat.RoundUp(count, SmallPack) * sizeof(uint);

    private static ErofsCluster ReadFull(ReadOnlySpan<byte> entry, ErofsExtentBuilder extents)
    {
        int advice = BinaryPrimitives.ReadUInt16LittleEndian(entry);
        ErofsCluster.Kind kind = (ErofsCluster.Kind)(advice & TypeMask);
        if ((advice & ~(TypeMask | PartialFlag)) != 0)
        {
            throw extents.Malformed($"entry has unknown flags 0x{advice:x}");
        }

        if (kind != ErofsCluster.Kind.Continued)
        {
            return new ErofsCluster
            {
                Type = kind,
                Offset = BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]),
                Block = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
                IsPartial = (advice & PartialFlag) != 0,
            };
        }

        int back = BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]);
        bool hasBlocks = (back & ErofsCluster.BlockCountFlag) != 0;
        return new ErofsCluster
        {
            Type = kind,
            Blocks = hasBlocks ? back & ~ErofsCluster.BlockCountFlag : null,
            Back = hasBlocks ? 1 : back,
            Forward = BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]),
        };
    }

    private static ReadOnlySpan<byte> ReadPacks(ErofsClusterHeader header, ReadOnlySpan<byte> table, long count, int size, ErofsExtentBuilder extents)
    {
        int length = size == SmallPack ? SmallPack * sizeof(uint) : LargePack * sizeof(ushort);
        for (; count > 0; count -= size)
        {
            ReadPack(header, table[..length], size, (int)Math.Min(count, size), extents);
            table = table[length..];
        }

        return table;
    }

    private static void ReadPack(ErofsClusterHeader header, ReadOnlySpan<byte> pack, int size, int count, ErofsExtentBuilder extents)
    {
        int valueBits = Math.Max(header.ClusterBits, BitOperations.Log2(ErofsCluster.BlockCountFlag) + 1);
        int entryBits = (pack.Length - sizeof(uint)) * 8 / size;
        bool isBig = header.Flags.HasFlag(ErofsClusterHeader.Advice.BigHead1);

        // The number at the end is that of the pack's first head; where clusters are of one block each, it is one less.
        uint block = BinaryPrimitives.ReadUInt32LittleEndian(pack[^sizeof(uint)..]);
        bool isFirst = true;
        bool hasUncounted = false;
        for (int i = 0; i < count; i++)
        {
            int bit = i * entryBits;
            uint bits = BinaryPrimitives.ReadUInt32LittleEndian(pack[(bit / 8)..]) >> (bit % 8);
            int value = (int)(bits & ((1u << valueBits) - 1));
            ErofsCluster.Kind kind = (ErofsCluster.Kind)((bits >> valueBits) & TypeMask);
            if (kind != ErofsCluster.Kind.Continued)
            {
                block = unchecked(block + (hasUncounted || (!isBig && isFirst) ? 1u : 0u));
                extents.Add(new ErofsCluster { Type = kind, Offset = value, Block = block });
                hasUncounted = true;
                isFirst = false;
                continue;
            }

            bool hasBlocks = (value & ErofsCluster.BlockCountFlag) != 0;
            bool isLast = i == size - 1;
            if (hasBlocks)
            {
                value &= ~ErofsCluster.BlockCountFlag;
                block = unchecked(block + (uint)value);
                hasUncounted = false;
            }

            extents.Add(new ErofsCluster
            {
                Type = kind,
                Blocks = hasBlocks ? value : null,
                Back = hasBlocks ? 1 : isLast ? null : value,
                Forward = isLast && !hasBlocks ? value : 0,
            });
        }
    }
}
