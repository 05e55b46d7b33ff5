namespace Mantle.Measure.Audit;

/// <summary>What in the bytes shows a finding.</summary>
/// <param name="Text">In words; may hold names from the image, unescaped.</param>
/// <param name="Offset">Byte offset in the file, or null.</param>
/// <param name="Length">Bytes at the offset.</param>
/// <param name="Line">Line of a text file from 1, or null.</param>
/// <param name="Word">The word of a command line as it is written there, or null.</param>
public sealed record Evidence(string Text, long? Offset = null, int Length = 0, int? Line = null, string? Word = null);
