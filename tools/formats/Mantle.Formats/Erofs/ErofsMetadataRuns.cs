using System.Buffers;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs;

/// <summary>
/// Metadata bytes in ascending order of their place in the image, gathered in one buffer. What lies close together becomes one extent,
/// so that an image of many small files is not made of as many scraps of memory.
/// </summary>
internal sealed class ErofsMetadataRuns
{
    private const int LargestPadding = 2 * ErofsFormat.SlotLength;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<(long Offset, int Start)> _runs = [];
    private long _end = -1;

    /// <summary>Zeroed room at <paramref name="offset"/>, which is not below the end of the last. Valid until the next call.</summary>
    public Span<byte> Reserve(long offset, int length)
    {
        long gap = offset - _end;
        if (_end < 0 || gap > LargestPadding)
        {
            _runs.Add((offset, _bytes.WrittenCount));
            gap = 0;
        }

        Span<byte> room = _bytes.GetSpan((int)gap + length)[..((int)gap + length)];
        room.Clear();
        _bytes.Advance(room.Length);
        _end = offset + length;
        return room[(int)gap..];
    }

    /// <summary>Ends the current extent: what follows it comes from elsewhere.</summary>
    public void EndRun() => _end = -1;

    /// <summary>The extents. Nothing can be added afterwards.</summary>
    public IEnumerable<ByteSource.Extent> ToExtents()
    {
        ReadOnlyMemory<byte> bytes = _bytes.WrittenMemory;
        for (int i = 0; i < _runs.Count; i++)
        {
            (long offset, int start) = _runs[i];
            int end = i + 1 < _runs.Count ? _runs[i + 1].Start : bytes.Length;
            yield return new ByteSource.Extent(offset, ByteSource.FromMemory(bytes[start..end]));
        }
    }
}
