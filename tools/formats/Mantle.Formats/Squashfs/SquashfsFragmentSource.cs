using Mantle.Formats.Bytes;

namespace Mantle.Formats.Squashfs;

/// <summary>The end of a file in a block that it shares with the ends of others.</summary>
internal sealed class SquashfsFragmentSource(SquashfsBlocks blocks, long block, uint stored, int start, int length, int blockSize) : ByteSource
{
    public override long Length => length;

    protected internal override void ReadCore(long offset, Span<byte> destination)
    {
        byte[] bytes = blocks.GetFragment(block, stored, blockSize);
        if (start + length > bytes.Length)
        {
            throw new MalformedInputException(SquashfsFormat.Name, block, $"fragment has {bytes.Length} bytes where a file has its end at {start + length}");
        }

        bytes.AsSpan(start + (int)offset, destination.Length).CopyTo(destination);
    }
}
