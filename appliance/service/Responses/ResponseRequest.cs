namespace Mantle.Service.Responses;

/// <summary>What a client asks of <c>POST /v1/responses</c>.</summary>
internal sealed record ResponseRequest
{
    /// <summary>Tokens of an answer unless the client says otherwise.</summary>
    public const int DefaultOutput = 128;

    /// <summary>Most tokens of an answer.</summary>
    public const int MaximumOutput = 1024;

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The texts to continue, in order; the answer continues the last.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>What stands before them, or null.</summary>
    public string? Instructions { get; init; }

    /// <summary>Most tokens of the answer, or null for the default.</summary>
    public int? MaximumOutputTokens { get; init; }

    /// <summary>0 to 2. A model as small as ours writes better below 1.</summary>
    public double Temperature { get; init; } = 0.7;

    /// <summary>More than 0, up to 1.</summary>
    public double TopP { get; init; } = 0.9;

    /// <summary>Whether the answer is wanted as it is made.</summary>
    public bool IsStream { get; init; }

    /// <summary>Whether the beginning of a text that is too long may be dropped.</summary>
    public bool MayTruncate { get; init; }
}
