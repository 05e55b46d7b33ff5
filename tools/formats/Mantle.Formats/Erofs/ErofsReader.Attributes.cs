using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs;

/// <content>Extended attributes.</content>
public sealed partial class ErofsReader
{
    private const int SharedCountOffset = 4;
    private const int LongPrefixFlag = 0x80;

    // Shared attributes are read once, however many inodes refer to them.
    private readonly Dictionary<uint, (string Name, byte[] Value)> _sharedAttributes = [];

    private void ReadAttributes(ErofsInode inode, SortedDictionary<string, byte[]> attributes, Budget budget)
    {
        if (inode.AttributeLength == 0)
        {
            return;
        }

        if (inode.AttributeLength == ErofsFormat.AttributeBodyHeaderLength || inode.AttributeOffset > _length - inode.AttributeLength)
        {
            throw Malformed(inode.Offset, $"extended attributes of {inode.AttributeLength} bytes are empty or run past the end");
        }

        budget.Take(inode.AttributeLength, inode.Offset);
        ReadOnlySpan<byte> body = _image.ReadBytes(inode.AttributeOffset, inode.AttributeLength, ErofsFormat.Name);
        SpanReader reader = new(body, ErofsFormat.Name, inode.AttributeOffset);
        reader.Skip(SharedCountOffset);
        int sharedCount = reader.ReadByte();
        reader.Skip(ErofsFormat.AttributeBodyHeaderLength - reader.Position);
        for (int i = 0; i < sharedCount; i++)
        {
            Add(SharedAttribute(reader.ReadUInt32LittleEndian(), budget));
        }

        while (reader.Remaining > 0)
        {
            int nameLength = reader.ReadByte();
            int prefix = reader.ReadByte();
            int valueLength = reader.ReadUInt16LittleEndian();
            string name = AttributeName(prefix, reader.ReadBytes(nameLength), inode.AttributeOffset);
            Add((name, reader.ReadBytes(valueLength).ToArray()));
            reader.Skip((int)ErofsFormat.RoundUp(reader.Position, ErofsFormat.AttributeUnit) - reader.Position);
        }

        void Add((string Name, byte[] Value) attribute)
        {
            if (!attributes.TryAdd(attribute.Name, attribute.Value))
            {
                throw Malformed(inode.Offset, $"extended attribute \"{attribute.Name}\" of inode {inode.Nid} appears twice");
            }
        }
    }

    private (string Name, byte[] Value) SharedAttribute(uint id, Budget budget)
    {
        if (_sharedAttributes.TryGetValue(id, out (string Name, byte[] Value) known))
        {
            return known;
        }

        long offset = ((long)Superblock.AttributeBlock << Superblock.BlockSizeBits) + ((long)id * ErofsFormat.AttributeUnit);
        byte[] header = _image.ReadBytes(offset, ErofsFormat.AttributeEntryHeaderLength, ErofsFormat.Name);
        int valueLength = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(2));
        budget.Take(header[0] + valueLength, offset);
        byte[] bytes = _image.ReadBytes(offset + header.Length, header[0] + valueLength, ErofsFormat.Name);
        known = (AttributeName(header[1], bytes.AsSpan(0, header[0]), offset), bytes[header[0]..]);
        _sharedAttributes.Add(id, known);
        return known;
    }

    private string AttributeName(int index, ReadOnlySpan<byte> suffix, long offset)
    {
        if (suffix.Contains((byte)0))
        {
            throw Malformed(offset, "extended attribute name holds a NUL");
        }

        string text = LinuxText.Decode(suffix);
        if ((index & LongPrefixFlag) != 0)
        {
            int number = index & ~LongPrefixFlag;
            return number < _longPrefixes.Count
                ? _longPrefixes[number] + text
                : throw Malformed(offset, $"extended attribute prefix {number} of {_longPrefixes.Count} is not defined");
        }

        return ErofsAttributes.Prefix(index) is not { } prefix || prefix.IsWholeName != suffix.IsEmpty
            ? throw Malformed(offset, $"extended attribute prefix {index} with a name of {suffix.Length} bytes is not supported")
            : prefix.Prefix + text;
    }

    // Each: length in 2 bytes, index of a built-in prefix, what extends it; padded to 4 bytes (Linux erofs_xattr_prefixes_init).
    private void ReadLongPrefixes()
    {
        _longPrefixes.Clear();
        if (!Superblock.IncompatibleFeatures.HasFlag(ErofsIncompatibleFeatures.AttributePrefixes))
        {
            return;
        }

        bool isPacked = Superblock.IncompatibleFeatures.HasFlag(ErofsIncompatibleFeatures.Fragments) && Superblock.PackedNid != 0;
        ByteSource source = isPacked ? Packed(new Budget(_length)) : _image;
        long position = (long)Superblock.AttributePrefixStart * ErofsFormat.AttributeUnit;
        for (int i = 0; i < Superblock.AttributePrefixCount; i++)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(source.ReadBytes(position, sizeof(ushort), ErofsFormat.Name));
            if (length is 0 or > ErofsFormat.MaximumNameLength + 1)
            {
                throw Malformed(position, $"extended attribute prefix of {length} bytes is not possible");
            }

            byte[] bytes = source.ReadBytes(position + sizeof(ushort), length, ErofsFormat.Name);
            string? builtIn = ErofsAttributes.Prefix(bytes[0])?.Prefix;
            _longPrefixes.Add((builtIn ?? throw Malformed(position, $"extended attribute prefix {bytes[0]} is not supported")) + LinuxText.Decode(bytes.AsSpan(1)));
            position = ErofsFormat.RoundUp(position + sizeof(ushort) + length, ErofsFormat.AttributeUnit);
        }
    }
}
