using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Squashfs;

/// <content>Extended attributes.</content>
public sealed partial class SquashfsReader
{
    private const int OutOfLine = 0x100;
    private const int MaximumValueLength = 1 << 16; // XATTR_SIZE_MAX

    // Sets are often shared, and read once.
    private readonly Dictionary<uint, List<(string Name, byte[] Value)>> _attributeSets = [];
    private ulong _attributeData;
    private uint _attributeSetCount;

    // Where the attributes are (8), number of sets (4), unused (4), then the list of the blocks that describe the sets.
    private void ReadAttributeTable()
    {
        if (Superblock.AttributeTable == SquashfsFormat.NoTable)
        {
            return;
        }

        if (Superblock.AttributeTable > (ulong)Superblock.Length)
        {
            throw Malformed(56, "table of extended attributes is outside the file system");
        }

        byte[] head = _image.ReadBytes((long)Superblock.AttributeTable, 16, SquashfsFormat.Name);
        _attributeData = BinaryPrimitives.ReadUInt64LittleEndian(head);
        _attributeSetCount = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(8));
    }

    private void ReadAttributes(uint number, SortedDictionary<string, byte[]> attributes)
    {
        if (number == SquashfsFormat.NoAttributes)
        {
            return;
        }

        if (!_attributeSets.TryGetValue(number, out List<(string Name, byte[] Value)>? set))
        {
            set = ReadAttributeSet(number);
            _attributeSets.Add(number, set);
        }

        foreach ((string name, byte[] value) in set)
        {
            if (!attributes.TryAdd(name, value))
            {
                throw Malformed((long)Superblock.AttributeTable, $"extended attribute \"{name}\" appears twice");
            }
        }
    }

    // A set: reference of the first attribute (8), number of attributes (4), bytes (4).
    private List<(string Name, byte[] Value)> ReadAttributeSet(uint number)
    {
        if (number >= _attributeSetCount)
        {
            throw Malformed((long)Superblock.InodeTable, $"extended attributes {number} of {_attributeSetCount} are not defined");
        }

        Span<byte> entry = stackalloc byte[SquashfsFormat.AttributeEntryLength];
        _metadata.ReadEntry(Superblock.AttributeTable + 16, number, entry);
        SquashfsMetadata.Position position = _metadata.At(_attributeData, BinaryPrimitives.ReadUInt64LittleEndian(entry), (long)Superblock.AttributeTable);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
        List<(string Name, byte[] Value)> set = [];
        for (uint i = 0; i < count; i++)
        {
            set.Add(ReadAttribute(ref position));
        }

        return set;
    }

    // Prefix (2), length of the name (2), name, length of the value (4), value; or in place of the value a reference to one.
    private (string Name, byte[] Value) ReadAttribute(ref SquashfsMetadata.Position position)
    {
        long offset = position.Block;
        byte[] head = _metadata.Read(ref position, 4);
        int type = BinaryPrimitives.ReadUInt16LittleEndian(head);
        byte[] name = _metadata.Read(ref position, BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(2)));
        string prefix = (type & ~OutOfLine) switch
        {
            0 => "user.",
            1 => "trusted.",
            2 => "security.",
            _ => throw Malformed(offset, $"extended attribute prefix 0x{type:x} is not known"),
        };
        if (name.Length is 0 or > 255 || name.Contains((byte)0))
        {
            throw Malformed(offset, $"extended attribute name of {name.Length} bytes is empty, too long or holds a NUL");
        }

        byte[] value = ReadValue(ref position);
        if ((type & OutOfLine) != 0)
        {
            if (value.Length != sizeof(ulong))
            {
                throw Malformed(offset, $"reference to a value has {value.Length} bytes");
            }

            SquashfsMetadata.Position elsewhere = _metadata.At(_attributeData, BinaryPrimitives.ReadUInt64LittleEndian(value), offset);
            value = ReadValue(ref elsewhere);
        }

        return (prefix + LinuxText.Decode(name), value);
    }

    private byte[] ReadValue(ref SquashfsMetadata.Position position)
    {
        long offset = position.Block;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_metadata.Read(ref position, sizeof(uint)));
        return length > MaximumValueLength
            ? throw Malformed(offset, $"extended attribute of {length} bytes is not possible")
            : _metadata.Read(ref position, length);
    }
}
