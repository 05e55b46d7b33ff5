namespace Mantle.Formats.Gpt;

/// <summary>A deviation that was allowed.</summary>
/// <param name="Kind">Which of the named deviations.</param>
/// <param name="Offset">Where, in bytes from the start of the disk.</param>
/// <param name="Problem">What is wrong: lower case, no final period.</param>
public sealed record GptFinding(GptDeviations Kind, long Offset, string Problem);
