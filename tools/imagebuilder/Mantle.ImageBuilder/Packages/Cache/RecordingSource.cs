using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Packages;

/// <summary>
/// Notes which ranges of a tar are read while its tree is built: exactly the headers. They go into the index of the unpacked package, so that
/// opening it later needs nothing of the large file. For one thread, reading front to back.
/// </summary>
internal sealed class RecordingSource(ByteSource source) : ByteSource
{
    private const int BlockLength = 512;

    private readonly List<(long Offset, int Length)> _ranges = [];

    /// <summary>What was read, rounded up to tar blocks, ascending, adjacent ranges joined.</summary>
    public IReadOnlyList<(long Offset, int Length)> Ranges => _ranges;

    public override long Length => source.Length;

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        source.ReadExactly(offset, destination);
        long end = Math.Min((offset + destination.Length + BlockLength - 1) / BlockLength * BlockLength, Length);
        if (_ranges.Count > 0 && _ranges[^1] is var last && offset >= last.Offset && offset <= last.Offset + last.Length)
        {
            _ranges[^1] = (last.Offset, (int)(Math.Max(end, last.Offset + last.Length) - last.Offset));
        }
        else
        {
            _ranges.Add((offset, (int)(end - offset)));
        }
    }
}
