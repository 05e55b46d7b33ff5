using Mantle.Formats.Bytes;

namespace Mantle.Formats.Squashfs;

/// <summary>The blocks of a file, decompressed where they are read.</summary>
internal sealed class SquashfsFileSource(SquashfsBlocks blocks, SquashfsBlockList list, long length, int blockSize) : ByteSource
{
    public override long Length => length;

    protected internal override void ReadCore(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int index = (int)(offset / blockSize);
            int skip = (int)(offset % blockSize);
            int blockLength = (int)Math.Min(blockSize, length - ((long)index * blockSize));
            int count = Math.Min(blockLength - skip, destination.Length);
            if (list.Lengths[index] == 0)
            {
                destination[..count].Clear();
            }
            else if (count == blockLength)
            {
                blocks.Read(list.Offsets[index], list.Lengths[index], destination[..count]);
            }
            else
            {
                blocks.Get(list.Offsets[index], list.Lengths[index], blockLength).AsSpan(skip, count).CopyTo(destination);
            }

            destination = destination[count..];
            offset += count;
        }
    }
}
