namespace Mantle.Emulator.Imds;

/// <summary>Something that goes wrong with a request. It is used up request by request.</summary>
public sealed record MetadataFault
{
    /// <summary>Start of the path that it is for.</summary>
    public string Path { get; init; } = "/";

    /// <summary>How many requests it is for.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Answered instead.</summary>
    public int? Status { get; init; }

    /// <summary>Said instead, with status 200.</summary>
    public string? Body { get; init; }

    /// <summary>How long the answer takes: one from more hops away than its limit never arrives.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The connection is cut.</summary>
    public bool Cuts { get; init; }

    /// <summary>Every token is forgotten just before.</summary>
    public bool ForgetsTokens { get; init; }
}
