namespace Mantle.Measure.Text;

/// <summary>A value and where a file has it, for messages.</summary>
/// <param name="Value">The value.</param>
/// <param name="Position">File, line and column.</param>
public readonly record struct Located<T>(T Value, string Position);
