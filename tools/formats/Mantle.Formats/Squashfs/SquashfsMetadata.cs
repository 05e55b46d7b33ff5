using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;

namespace Mantle.Formats.Squashfs;

/// <summary>Reads metadata blocks, and knows those that were read last. For one thread: contents need no metadata once the tree is read.</summary>
internal sealed class SquashfsMetadata(ByteSource image, SquashfsDecompressor decompressor, SquashfsBudget budget)
{
    private const int CacheCapacity = 4 << 20;
    private const int EntryLength = 32; // what a block costs beside its bytes

    private readonly BlockCache<long> _cache = new(CacheCapacity);
    private readonly Dictionary<long, long> _next = []; // where the block behind one starts

    /// <summary>A position in metadata: the block's offset in the image, and an offset in what it decompresses to.</summary>
    public record struct Position(long Block, int Offset);

    /// <summary>The bytes of a block, at most 8 KiB, and where the next one starts.</summary>
    public byte[] ReadBlock(long offset, out long next)
    {
        if (_cache.Find(offset) is { } known)
        {
            next = _next[offset];
            return known;
        }

        int header = BinaryPrimitives.ReadUInt16LittleEndian(image.ReadBytes(offset, SquashfsFormat.MetadataHeaderLength, SquashfsFormat.Name));
        int length = header & ~SquashfsFormat.MetadataPlainFlag;
        bool isPlain = (header & SquashfsFormat.MetadataPlainFlag) != 0;
        if (length is 0 or > SquashfsFormat.MetadataBlockLength)
        {
            throw new MalformedInputException(SquashfsFormat.Name, offset, $"metadata block of {length} bytes is not possible");
        }

        byte[] stored = image.ReadBytes(offset + SquashfsFormat.MetadataHeaderLength, length, SquashfsFormat.Name);
        byte[] bytes = isPlain ? stored : decompressor.DecodeMetadata(stored, offset);
        budget.TakeDecoded(bytes.Length + EntryLength, offset);
        next = offset + SquashfsFormat.MetadataHeaderLength + length;
        _next[offset] = next;
        _cache.Add(offset, bytes);
        return bytes;
    }

    /// <summary>Reads bytes that may go on in the blocks behind, and moves the position behind them.</summary>
    public void Read(ref Position position, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            byte[] block = ReadBlock(position.Block, out long next);
            if (position.Offset > block.Length || (position.Offset == block.Length && block.Length < SquashfsFormat.MetadataBlockLength))
            {
                throw new MalformedInputException(SquashfsFormat.Name, position.Block, $"offset {position.Offset} is outside a metadata block of {block.Length} bytes");
            }

            int count = Math.Min(block.Length - position.Offset, destination.Length);
            block.AsSpan(position.Offset, count).CopyTo(destination);
            destination = destination[count..];
            position.Offset += count;
            if (position.Offset == SquashfsFormat.MetadataBlockLength)
            {
                position = new Position(next, 0);
            }
        }
    }

    /// <summary>Reads bytes into a new array, after asking the budget for them.</summary>
    public byte[] Read(ref Position position, long count)
    {
        budget.TakeKept(count, position.Block);
        byte[] bytes = new byte[count];
        Read(ref position, bytes);
        return bytes;
    }

    /// <summary>
    /// Reads an entry of a table, whose blocks are found through a list of their offsets (the ID, fragment and extended attribute tables).
    /// </summary>
    public void ReadEntry(ulong list, long index, Span<byte> entry)
    {
        long at = index * entry.Length;
        if (list > (ulong)image.Length)
        {
            throw new MalformedInputException(SquashfsFormat.Name, 0, $"table at 0x{list:x} is outside the file system");
        }

        long pointer = (long)list + (at / SquashfsFormat.MetadataBlockLength * sizeof(ulong));
        ulong block = BinaryPrimitives.ReadUInt64LittleEndian(image.ReadBytes(pointer, sizeof(ulong), SquashfsFormat.Name));
        if (block > (ulong)image.Length)
        {
            throw new MalformedInputException(SquashfsFormat.Name, pointer, $"metadata block at 0x{block:x} is outside the file system");
        }

        Position position = new((long)block, (int)(at % SquashfsFormat.MetadataBlockLength));
        Read(ref position, entry);
    }

    /// <summary>The position that a reference means: block in the upper bits, offset in the lower 16.</summary>
    public Position At(ulong table, ulong reference, long offset)
    {
        ulong block = reference >> 16;
        return table > (ulong)image.Length || block > (ulong)image.Length - table || (reference & ushort.MaxValue) >= SquashfsFormat.MetadataBlockLength
            ? throw new MalformedInputException(SquashfsFormat.Name, offset, $"reference 0x{reference:x} is outside the file system")
            : new Position((long)(table + block), (int)(reference & ushort.MaxValue));
    }
}
