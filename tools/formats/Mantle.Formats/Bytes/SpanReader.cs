using System.Buffers.Binary;

namespace Mantle.Formats.Bytes;

/// <summary>
/// Reads fixed-width integers and byte runs from a span, front to back. Running past the end is a
/// <see cref="MalformedInputException"/> that names the format and the offset; a failed read does not move the position.
/// </summary>
/// <param name="bytes">What to read.</param>
/// <param name="format">Short name of the format, for messages.</param>
/// <param name="origin">Offset of <paramref name="bytes"/> within the whole input, for messages.</param>
public ref struct SpanReader(ReadOnlySpan<byte> bytes, string format, long origin = 0)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Position of the next byte within the span.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes not yet read.</summary>
    public readonly int Remaining => _bytes.Length - Position;

    /// <summary>Position of the next byte within the whole input.</summary>
    public readonly long Offset => origin + Position;

    /// <summary>The next <paramref name="count"/> bytes, without a copy.</summary>
    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (count < 0 || count > Remaining)
        {
            throw Malformed($"needs {count} bytes but {Remaining} are left");
        }

        ReadOnlySpan<byte> taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    /// <summary>Moves on by <paramref name="count"/> bytes.</summary>
    public void Skip(int count) => ReadBytes(count);

    /// <summary>One byte.</summary>
    public byte ReadByte() => ReadBytes(1)[0];

    /// <summary>Two bytes, least significant first.</summary>
    public ushort ReadUInt16LittleEndian() => BinaryPrimitives.ReadUInt16LittleEndian(ReadBytes(2));

    /// <summary>Four bytes, least significant first.</summary>
    public uint ReadUInt32LittleEndian() => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4));

    /// <summary>Eight bytes, least significant first.</summary>
    public ulong ReadUInt64LittleEndian() => BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(8));

    /// <summary>Two bytes, most significant first.</summary>
    public ushort ReadUInt16BigEndian() => BinaryPrimitives.ReadUInt16BigEndian(ReadBytes(2));

    /// <summary>Four bytes, most significant first.</summary>
    public uint ReadUInt32BigEndian() => BinaryPrimitives.ReadUInt32BigEndian(ReadBytes(4));

    /// <summary>A GUID in the mixed-endian layout that UEFI uses (UEFI 2.10, appendix A).</summary>
    public Guid ReadGuid() => new(ReadBytes(16));

    /// <summary>The exception for a problem at the current position.</summary>
    public readonly MalformedInputException Malformed(string problem) => new(format, Offset, problem);
}
