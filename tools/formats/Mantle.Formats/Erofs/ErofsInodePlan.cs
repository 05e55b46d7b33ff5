using System.Buffers.Binary;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Erofs;

/// <summary>An inode on its way into an image: what is known of it before and after it has a place.</summary>
internal sealed class ErofsInodePlan(FileNode node, ErofsInodePlan? parent, string name, int number)
{
    private const int SizeOffset = 8;

    public FileNode Node { get; } = node;

    /// <summary>The directory that holds the first name; the root is its own parent on disk and has null here.</summary>
    public ErofsInodePlan? Parent { get; } = parent;

    /// <summary>Directories above.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>Names of a file; for a directory 2 and one for each directory in it.</summary>
    public int Links { get; set; } = node.Kind == FileKind.Directory ? 2 : 1;

    public bool IsExtended { get; set; }

    /// <summary>Encoded extended attributes.</summary>
    public byte[] Attributes { get; set; } = [];

    /// <summary>Bytes of content, of the link target or of directory entries.</summary>
    public long Size { get; set; }

    public ErofsDataLayout DataLayout { get; set; }

    /// <summary>Where the inode is in the image, in bytes.</summary>
    public long Offset { get; set; }

    /// <summary>First data block, when there is one.</summary>
    public uint FirstBlock { get; set; } = ErofsFormat.NullBlock;

    public long Nid => Offset / ErofsFormat.SlotLength;

    /// <summary>Bytes of the inode and its attributes.</summary>
    public int HeaderLength => (IsExtended ? ErofsFormat.ExtendedInodeLength : ErofsFormat.CompactInodeLength) + Attributes.Length;

    /// <summary>Bytes of data that follow the inode.</summary>
    public int TailLength => DataLayout == ErofsDataLayout.Inline ? (int)(Size % ErofsFormat.BlockSize) : 0;

    /// <summary>Blocks of data elsewhere.</summary>
    public long BlockCount => (Size - TailLength + ErofsFormat.BlockSize - 1) / ErofsFormat.BlockSize;

    /// <summary>Path from the root, for messages.</summary>
    public string Path => Parent is null ? "/" : Parent.Parent is null ? $"/{name}" : $"{Parent.Path}/{name}";

    /// <summary>Writes struct erofs_inode_compact or erofs_inode_extended, and the attributes, into zeroed bytes.</summary>
    public void WriteTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)((IsExtended ? 1 : 0) | ((int)DataLayout << 1)));
        int units = Attributes.Length == 0
            ? 0
            : 1 + ((Attributes.Length - ErofsFormat.AttributeBodyHeaderLength) / ErofsFormat.AttributeUnit);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], (ushort)units);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], (ushort)Node.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], Data());
        BinaryPrimitives.WriteInt32LittleEndian(bytes[20..], number);
        if (IsExtended)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes[SizeOffset..], Size);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[24..], Node.UserId);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[28..], Node.GroupId);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], Node.ModifiedSeconds);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[44..], Links);
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], (ushort)Links);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[SizeOffset..], (uint)Size);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[24..], (ushort)Node.UserId);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[26..], (ushort)Node.GroupId);
        }

        Attributes.CopyTo(bytes[(HeaderLength - Attributes.Length)..]);
    }

    // The field is a device number (Linux new_encode_dev: 12 bits of major between 8 and 12 bits of minor) or the first block.
    private uint Data() => Node.Kind switch
    {
        FileKind.CharacterDevice or FileKind.BlockDevice =>
            (Node.DeviceMinor & 0xFF) | (Node.DeviceMajor << 8) | ((Node.DeviceMinor & 0xFFF00) << 12),
        FileKind.Fifo or FileKind.Socket => 0,
        _ => FirstBlock,
    };
}
