using System.Buffers.Binary;

namespace Mantle.Formats.Ext4;

/// <summary>
/// Access control lists have a form of their own on disk (fs/ext4/acl.h: version 1, no identifier where none is needed) and another as
/// extended attributes (include/uapi/linux/posix_acl_xattr.h: version 2, eight bytes an entry), which is the one that all others store.
/// </summary>
internal static class Ext4AccessList
{
    private const uint StoredVersion = 1;
    private const uint AttributeVersion = 2;
    private const int UserTag = 0x02;
    private const int GroupTag = 0x08;

    public static byte[] ToAttribute(ReadOnlySpan<byte> stored, Ext4Inode inode)
    {
        if (stored.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32LittleEndian(stored) != StoredVersion)
        {
            throw inode.Malformed("has an access control list of an unknown version");
        }

        List<byte> attribute = [.. BitConverter.GetBytes(AttributeVersion)];
        for (ReadOnlySpan<byte> rest = stored[sizeof(uint)..]; !rest.IsEmpty;)
        {
            int tag = rest.Length < 4 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(rest);
            int length = tag is UserTag or GroupTag ? 8 : 4;
            if (rest.Length < length)
            {
                throw inode.Malformed("has an access control list that ends too early");
            }

            attribute.AddRange(rest[..4]);
            attribute.AddRange(length == 8 ? rest.Slice(4, 4) : [0xFF, 0xFF, 0xFF, 0xFF]);
            rest = rest[length..];
        }

        return [.. attribute];
    }
}
