using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs;

/// <summary>
/// Directories on disk: blocks, each an array of 12-byte entries followed by their names, sorted by bytes across the whole directory,
/// <c>.</c> and <c>..</c> included. The length of a name is the distance to the next; the last of a block ends at a NUL or the block's end.
/// </summary>
internal static class ErofsDirectory
{
    /// <summary>An entry to be written.</summary>
    public readonly record struct Entry(byte[] Name, ErofsInodePlan Inode);

    /// <summary>Bytes of a directory: whole blocks, and what is used of the last.</summary>
    public static long Measure(List<Entry> entries)
    {
        long blocks = 0;
        for (int start = 0; ;)
        {
            (int count, int used) = FillBlock(entries, start);
            start += count;
            if (start == entries.Count)
            {
                return (blocks * ErofsFormat.BlockSize) + used;
            }

            blocks++;
        }
    }

    /// <summary>Encodes a directory whose inodes all have their place.</summary>
    public static byte[] Encode(List<Entry> entries, long length)
    {
        byte[] bytes = new byte[length];
        int blockStart = 0;
        for (int start = 0; start < entries.Count;)
        {
            (int count, int used) = FillBlock(entries, start);
            Span<byte> block = bytes.AsSpan(blockStart, used);
            int nameOffset = count * ErofsFormat.DirectoryEntryLength;
            for (int i = 0; i < count; i++)
            {
                (byte[] name, ErofsInodePlan inode) = entries[start + i];
                Span<byte> entry = block[(i * ErofsFormat.DirectoryEntryLength)..];
                BinaryPrimitives.WriteInt64LittleEndian(entry, inode.Nid);
                BinaryPrimitives.WriteUInt16LittleEndian(entry[8..], (ushort)nameOffset);
                entry[10] = ErofsFormat.FileType(inode.Node.Kind);
                name.CopyTo(block[nameOffset..]);
                nameOffset += name.Length;
            }

            start += count;
            blockStart += ErofsFormat.BlockSize;
        }

        return bytes;
    }

    /// <summary>Bytes of a name or link target.</summary>
    public static byte[] NameBytes(string name) => Ascii.IsValid(name) ? Encoding.ASCII.GetBytes(name) : LinuxText.Encode(name);

    private static (int Count, int Used) FillBlock(List<Entry> entries, int start)
    {
        int used = 0;
        int index = start;
        for (; index < entries.Count; index++)
        {
            int length = ErofsFormat.DirectoryEntryLength + entries[index].Name.Length;
            if (used + length > ErofsFormat.BlockSize)
            {
                break;
            }

            used += length;
        }

        return (index - start, used);
    }
}
