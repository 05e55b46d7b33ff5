using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Ext4;

/// <content>Directories.</content>
public sealed partial class Ext4Reader
{
    private const int EntryHeaderLength = 8;

    // Inline: the parent's number, then entries, then more of them in the value of an attribute.
    private const int InlineParentLength = 4;

    private readonly record struct DirectoryEntry(string Name, uint Inode, FileKind? Kind);

    // The nodes of an index are entries without an inode that fill their blocks, or are hidden behind "..".
    private List<DirectoryEntry> ReadDirectory(Ext4Inode inode)
    {
        if (inode.Flags.HasFlag(Ext4Inode.Flag.CaseFolding))
        {
            throw MalformedInputException.Unsupported(Ext4Format.Name, inode.Offset, $"case folding, which directory {inode.Number} has,");
        }

        List<DirectoryEntry> entries = [];
        if (inode.Flags.HasFlag(Ext4Inode.Flag.InlineData))
        {
            byte[] rest = ReadAttributes(inode, []) ?? [];
            ReadEntries(inode, inode.Map[InlineParentLength..], entries);
            ReadEntries(inode, rest, entries);
            return entries;
        }

        if (inode.Size % Superblock.BlockSize != 0)
        {
            throw inode.Malformed($"is a directory of {inode.Size} bytes, which are no whole blocks");
        }

        _budget.Take(inode.Size, inode.Offset);
        ByteSource content = Content(inode, null);
        byte[] block = new byte[Superblock.BlockSize];
        for (long position = 0; position < inode.Size; position += block.Length)
        {
            content.ReadExactly(position, block);
            ReadEntries(inode, block, entries);
        }

        return entries;
    }

    // Inode, length of the entry, length of the name, kind; without FILETYPE the name's length has two bytes.
    private void ReadEntries(Ext4Inode directory, ReadOnlySpan<byte> bytes, List<DirectoryEntry> entries)
    {
        bool hasKind = Superblock.IncompatibleFeatures.HasFlag(Ext4IncompatibleFeatures.FileType);
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < EntryHeaderLength)
            {
                throw directory.Malformed("has an entry that does not fit into its block");
            }

            uint inode = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            int length = EntryLength(BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]));
            int nameLength = hasKind ? bytes[6] : BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
            if (length < EntryHeaderLength || length % 4 != 0 || length > bytes.Length)
            {
                throw directory.Malformed($"has an entry of {length} bytes");
            }

            if (inode != 0)
            {
                AddEntry(directory, bytes[EntryHeaderLength..length], inode, nameLength, hasKind ? bytes[7] : 0, entries);
            }

            bytes = bytes[length..];
        }
    }

    // Blocks of 64 KiB are longer than 16 bits can say (ext4_rec_len_from_disk).
    private int EntryLength(int stored) => Superblock.BlockSizeBits < 16
        ? stored
        : stored is 0 or ushort.MaxValue ? Superblock.BlockSize : (stored & 0xFFFC) | ((stored & 3) << 16);

    private static void AddEntry(Ext4Inode directory, ReadOnlySpan<byte> rest, uint inode, int nameLength, int type, List<DirectoryEntry> entries)
    {
        if (nameLength is 0 or > 255 || nameLength > rest.Length || rest[..nameLength].ContainsAny((byte)0, (byte)'/'))
        {
            throw directory.Malformed($"has an entry with a name of {nameLength} bytes that is no file name");
        }

        ReadOnlySpan<byte> name = rest[..nameLength];
        if (name is [(byte)'.'] or [(byte)'.', (byte)'.'])
        {
            return;
        }

        FileKind? kind = type switch
        {
            0 => null,
            1 => FileKind.Regular,
            2 => FileKind.Directory,
            3 => FileKind.CharacterDevice,
            4 => FileKind.BlockDevice,
            5 => FileKind.Fifo,
            6 => FileKind.Socket,
            7 => FileKind.SymbolicLink,
            _ => throw directory.Malformed($"has an entry of the unknown type {type}"),
        };
        entries.Add(new DirectoryEntry(LinuxText.Decode(name), inode, kind));
    }
}
