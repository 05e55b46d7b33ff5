using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs;

/// <content>Directories.</content>
public sealed partial class ErofsReader
{
    /// <summary>An entry other than <c>.</c> and <c>..</c>, checked but for what its inode says.</summary>
    private readonly record struct DirectoryEntry(byte[] Name, ulong Nid, byte FileType, long Offset);

    private List<DirectoryEntry> ReadDirectory(ErofsInode inode, ulong parentNid, Budget budget)
    {
        budget.Take(inode.Size, inode.Offset);
        ByteSource content = Content(inode, budget);
        List<DirectoryEntry> entries = [];
        byte[] previous = [];
        int special = 0;
        byte[] block = new byte[Superblock.BlockSize];
        for (long position = 0; position < inode.Size; position += Superblock.BlockSize)
        {
            Span<byte> bytes = block.AsSpan(0, (int)Math.Min(Superblock.BlockSize, inode.Size - position));
            content.ReadExactly(position, bytes);
            int count = CountEntries(inode, bytes);
            int nameStart = count * ErofsFormat.DirectoryEntryLength;
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> entry = bytes.Slice(i * ErofsFormat.DirectoryEntryLength, ErofsFormat.DirectoryEntryLength);
                byte[] name = ReadName(inode, bytes, ref nameStart, i == count - 1 ? null : NameOffset(bytes, i + 1)).ToArray();
                if (previous.AsSpan().SequenceCompareTo(name) >= 0)
                {
                    throw Malformed(inode.Offset, $"entry \"{LinuxText.Decode(name)}\" of directory {inode.Nid} is a duplicate or out of order");
                }

                previous = name;
                ulong nid = BinaryPrimitives.ReadUInt64LittleEndian(entry);
                if (name is [(byte)'.'] or [(byte)'.', (byte)'.'])
                {
                    ulong expected = name.Length == 1 ? inode.Nid : parentNid;
                    special++;
                    if (nid != expected)
                    {
                        throw Malformed(inode.Offset, $"\"{LinuxText.Decode(name)}\" of directory {inode.Nid} is inode {nid}, not {expected}");
                    }
                }
                else
                {
                    entries.Add(new(name, nid, entry[10], inode.Offset));
                }
            }
        }

        return special == 2 ? entries : throw Malformed(inode.Offset, $"directory {inode.Nid} lacks \".\" or \"..\"");
    }

    private static int NameOffset(ReadOnlySpan<byte> block, int index) =>
        BinaryPrimitives.ReadUInt16LittleEndian(block[((index * ErofsFormat.DirectoryEntryLength) + 8)..]);

    // The names start where the entries end, so the first name's offset is the number of entries.
    private static int CountEntries(ErofsInode inode, ReadOnlySpan<byte> block)
    {
        int start = block.Length < ErofsFormat.DirectoryEntryLength ? 0 : NameOffset(block, 0);
        return start < ErofsFormat.DirectoryEntryLength || start % ErofsFormat.DirectoryEntryLength != 0 || start > block.Length
            ? throw Malformed(inode.Offset, $"names of directory {inode.Nid} start at {start}")
            : start / ErofsFormat.DirectoryEntryLength;
    }

    private static ReadOnlySpan<byte> ReadName(ErofsInode inode, ReadOnlySpan<byte> block, ref int start, int? nextStart)
    {
        int end = nextStart ?? block.Length;
        if (end <= start || end > block.Length)
        {
            throw Malformed(inode.Offset, $"name of directory {inode.Nid} runs from {start} to {end}");
        }

        ReadOnlySpan<byte> name = block[start..end];
        if (nextStart is null && name.IndexOf((byte)0) is >= 0 and int terminator)
        {
            name = name[..terminator];
        }

        start = end;
        return name.Length is 0 or > ErofsFormat.MaximumNameLength || name.ContainsAny((byte)0, (byte)'/')
            ? throw Malformed(inode.Offset, $"\"{LinuxText.Decode(name[..Math.Min(name.Length, ErofsFormat.MaximumNameLength)])}\" in directory {inode.Nid} is no file name")
            : name;
    }
}
