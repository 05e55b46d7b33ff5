using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Squashfs;

/// <content>Directories.</content>
public sealed partial class SquashfsReader
{
    private readonly record struct DirectoryEntry(string Name, ulong Reference, FileKind Kind, long Offset);

    // Headers (entries less one, block of their inodes, number of the first inode), each followed by its entries (offset in that block,
    // difference of the inode's number, type, length of the name less one, name).
    private List<DirectoryEntry> ReadDirectory(SquashfsInode inode)
    {
        List<DirectoryEntry> entries = [];
        long length = inode.Size - SquashfsFormat.DirectorySizeExcess;
        if (length <= 0)
        {
            return entries;
        }

        SquashfsMetadata.Position position = _metadata.At(Superblock.DirectoryTable, (inode.Start << 16) | inode.Offset, (long)Superblock.DirectoryTable);
        long offset = position.Block;
        SpanReader reader = new(_metadata.Read(ref position, length), SquashfsFormat.Name, offset);
        while (reader.Remaining > 0)
        {
            uint count = reader.ReadUInt32LittleEndian();
            uint block = reader.ReadUInt32LittleEndian();
            reader.Skip(sizeof(uint));
            if (count >= SquashfsFormat.MaximumEntriesPerHeader)
            {
                throw Malformed(offset, $"{count} entries behind a header of a directory are not possible");
            }

            for (uint i = 0; i <= count; i++)
            {
                uint inodeOffset = reader.ReadUInt16LittleEndian();
                reader.Skip(sizeof(short));
                FileKind kind = KindOf(reader.ReadUInt16LittleEndian(), offset);
                ReadOnlySpan<byte> name = reader.ReadBytes(reader.ReadUInt16LittleEndian() + 1);
                if (name.Length > SquashfsFormat.MaximumNameLength || name.ContainsAny((byte)0, (byte)'/') || name is [(byte)'.'] or [(byte)'.', (byte)'.'])
                {
                    throw Malformed(offset, $"\"{LinuxText.Decode(name[..Math.Min(name.Length, SquashfsFormat.MaximumNameLength)])}\" is no file name");
                }

                entries.Add(new DirectoryEntry(LinuxText.Decode(name), ((ulong)block << 16) | inodeOffset, kind, offset));
            }
        }

        return entries;
    }

    private static FileKind KindOf(int type, long offset) => type switch
    {
        1 => FileKind.Directory,
        2 => FileKind.Regular,
        3 => FileKind.SymbolicLink,
        4 => FileKind.BlockDevice,
        5 => FileKind.CharacterDevice,
        6 => FileKind.Fifo,
        7 => FileKind.Socket,
        _ => throw Malformed(offset, $"entry type {type} is not known"),
    };
}
