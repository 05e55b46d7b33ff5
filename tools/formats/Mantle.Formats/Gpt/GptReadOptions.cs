namespace Mantle.Formats.Gpt;

/// <summary>How <see cref="GptReader"/> reads.</summary>
public sealed class GptReadOptions
{
    /// <summary>Nothing is allowed that the specification does not: for the disks that we make.</summary>
    public static GptReadOptions Strict { get; } = new();

    /// <summary>Deviations that are listed in <see cref="GptTable.Deviations"/> instead of being refused.</summary>
    public GptDeviations Allow { get; init; }
}
