using Mantle.Formats.Bytes;

namespace Mantle.Formats.Squashfs;

/// <summary>
/// What an image may cost. Metadata is compressed, and one block may be referred to from everywhere: an image of a few kilobytes could
/// claim millions of inodes. A sound one has less metadata, uncompressed, than it has bytes.
/// </summary>
internal sealed class SquashfsBudget(long imageLength)
{
    private const long Allowance = 8 << 20;
    private const int KeptFactor = 4;
    private const int DecodedFactor = 64;

    private long _kept = Allowance + (KeptFactor * imageLength);
    private long _decoded = Allowance + (DecodedFactor * imageLength);

    /// <summary>Metadata that is kept, or read for something that is.</summary>
    public void TakeKept(long count, long offset) =>
        _kept = count > _kept ? throw TooMuch(offset) : _kept - count;

    /// <summary>Metadata that is decompressed, the same block again where it has been forgotten.</summary>
    public void TakeDecoded(long count, long offset) =>
        _decoded = count > _decoded ? throw TooMuch(offset) : _decoded - count;

    private static MalformedInputException TooMuch(long offset) =>
        new(SquashfsFormat.Name, offset, "inodes claim more metadata than the image can have");
}
