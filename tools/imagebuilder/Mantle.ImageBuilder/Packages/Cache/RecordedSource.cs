using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Packages;

/// <summary>
/// The ranges that <see cref="RecordingSource"/> noted, from memory. A read of anything else is malformed input, never zeros: a later version of the
/// reader may want more than an older one noted, and then the package has to be unpacked again.
/// </summary>
/// <param name="length">Length of the whole tar in bytes.</param>
/// <param name="offsets">Where each range begins in the tar, ascending.</param>
/// <param name="starts">Where each range begins in <paramref name="bytes"/>, with the end of the last one appended.</param>
/// <param name="bytes">The ranges, one after the other.</param>
internal sealed class RecordedSource(long length, long[] offsets, int[] starts, ReadOnlyMemory<byte> bytes) : ByteSource
{
    public override long Length => length;

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        int index = Array.BinarySearch(offsets, offset);
        index = index >= 0 ? index : ~index - 1;
        if (index < 0 || offset + destination.Length > offsets[index] + (starts[index + 1] - starts[index]))
        {
            throw new MalformedInputException("cache", offset, "range was not recorded when the package was unpacked");
        }

        bytes.Span.Slice(starts[index] + (int)(offset - offsets[index]), destination.Length).CopyTo(destination);
    }
}
