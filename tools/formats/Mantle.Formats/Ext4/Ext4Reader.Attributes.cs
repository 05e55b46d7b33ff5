using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Ext4;

/// <content>Extended attributes (fs/ext4/xattr.h).</content>
public sealed partial class Ext4Reader
{
    private const int SystemIndex = 7;
    private const int MaximumValueLength = 1 << 16; // XATTR_SIZE_MAX

    /// <summary>Reads all of them. Returned is the one that is none: what of inline data does not fit into the map.</summary>
    private byte[]? ReadAttributes(Ext4Inode inode, SortedDictionary<string, byte[]> attributes)
    {
        byte[]? inlineRest = null;
        int start = Ext4Format.OldInodeLength + inode.ExtraLength;
        if (inode.Bytes.Length - start > sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(inode.Bytes.AsSpan(start)) == Ext4Format.AttributeMagic)
        {
            ReadOnlySpan<byte> area = inode.Bytes.AsSpan(start + sizeof(uint));
            ReadAttributes(inode, area, area, attributes, ref inlineRest);
        }

        long block = inode.AttributeBlock;
        if (block != 0)
        {
            byte[] bytes = ReadMapBlock(inode, block);
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Ext4Format.AttributeMagic)
            {
                throw inode.Malformed($"has extended attributes in block {block}, which has none");
            }

            ReadAttributes(inode, bytes.AsSpan(Ext4Format.AttributeBlockHeaderLength), bytes, attributes, ref inlineRest);
        }

        return inlineRest;
    }

    // An entry: length of the name, prefix, offset of the value, inode of the value, length of the value, hash, name; padded to four bytes.
    // Four zeros end them.
    private void ReadAttributes(Ext4Inode inode, ReadOnlySpan<byte> entries, ReadOnlySpan<byte> values, SortedDictionary<string, byte[]> attributes, ref byte[]? inlineRest)
    {
        while (entries.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(entries) != 0)
        {
            int nameLength = entries[0];
            if (entries.Length < Ext4Format.AttributeEntryLength + nameLength)
            {
                throw inode.Malformed("has extended attributes that run past their end");
            }

            int index = entries[1];
            int offset = BinaryPrimitives.ReadUInt16LittleEndian(entries[2..]);
            uint valueInode = BinaryPrimitives.ReadUInt32LittleEndian(entries[4..]);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(entries[8..]);
            ReadOnlySpan<byte> suffix = entries.Slice(Ext4Format.AttributeEntryLength, nameLength);
            if (length > MaximumValueLength || (valueInode == 0 && offset > values.Length - (int)length))
            {
                throw inode.Malformed($"has an extended attribute of {length} bytes at {offset}");
            }

            byte[] value = valueInode == 0 ? values.Slice(offset, (int)length).ToArray() : ReadValueInode(inode, valueInode, (int)length);
            if (index == SystemIndex && suffix.SequenceEqual("data"u8))
            {
                inlineRest = value;
            }
            else
            {
                Add(inode, index, suffix, value, attributes);
            }

            int next = (Ext4Format.AttributeEntryLength + nameLength + 3) & ~3;
            entries = entries[Math.Min(next, entries.Length)..];
        }
    }

    private static void Add(Ext4Inode inode, int index, ReadOnlySpan<byte> suffix, byte[] value, SortedDictionary<string, byte[]> attributes)
    {
        (string Prefix, bool IsWhole)? prefix = index switch
        {
            1 => ("user.", false),
            2 => ("system.posix_acl_access", true),
            3 => ("system.posix_acl_default", true),
            4 => ("trusted.", false),
            6 => ("security.", false),
            SystemIndex => ("system.", false),
            8 => ("system.richacl", true),
            _ => null,
        };
        if (prefix is not { } known || known.IsWhole != suffix.IsEmpty || suffix.Contains((byte)0))
        {
            throw inode.Malformed($"has an extended attribute with prefix {index} and a name of {suffix.Length} bytes");
        }

        if (!attributes.TryAdd(known.Prefix + LinuxText.Decode(suffix), index is 2 or 3 ? Ext4AccessList.ToAttribute(value, inode) : value))
        {
            throw inode.Malformed($"has the extended attribute \"{known.Prefix}{LinuxText.Decode(suffix)}\" twice");
        }
    }

    private byte[] ReadValueInode(Ext4Inode owner, uint number, int length)
    {
        Ext4Inode inode = ReadInode(number, owner.Offset);
        if (!inode.Flags.HasFlag(Ext4Inode.Flag.AttributeInode) || inode.Size != length)
        {
            throw owner.Malformed($"has an extended attribute in inode {number}, which is none");
        }

        _budget.Take(length, owner.Offset);
        return Content(inode, null).ToArray();
    }
}
