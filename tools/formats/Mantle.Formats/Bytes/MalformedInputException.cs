namespace Mantle.Formats.Bytes;

/// <summary>Bytes that claim to be a format and are not. The only exception that a reader throws for bad bytes.</summary>
/// <param name="format">The format's short name, for example <c>erofs</c>.</param>
/// <param name="offset">Where in the input the problem is, in bytes from the start of the format.</param>
/// <param name="problem">What is wrong: lower case, no final period.</param>
public sealed class MalformedInputException(string format, long offset, string problem)
    : Exception($"{format}: {problem} at offset 0x{offset:x}")
{
    /// <summary>The format's short name.</summary>
    public string Format { get; } = format;

    /// <summary>Byte offset of the problem from the start of the format.</summary>
    public long Offset { get; } = offset;

    /// <summary>What is wrong, without name and offset.</summary>
    public string Problem { get; } = problem;

    /// <summary>Whether the bytes may be sound, but use what this reader does not know.</summary>
    public bool IsUnsupported { get; private init; }

    /// <summary>The exception for bytes that another reader may understand.</summary>
    public static MalformedInputException Unsupported(string format, long offset, string feature) =>
        new(format, offset, $"{feature} is not supported") { IsUnsupported = true };

    /// <summary>The same, for what contains the bytes: a reader of segments names the segment.</summary>
    /// <param name="container">Short name of the container's format.</param>
    /// <param name="start">Where in the container the bytes start.</param>
    /// <param name="prefix">What to say before the problem.</param>
    internal MalformedInputException At(string container, long start, string prefix) =>
        new(container, unchecked(start + Offset), prefix + Problem) { IsUnsupported = IsUnsupported };
}
