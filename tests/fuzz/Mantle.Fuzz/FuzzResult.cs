namespace Mantle.Fuzz;

/// <summary>What an attack on one reader came to.</summary>
internal sealed record FuzzResult
{
    public required string Name { get; init; }

    public required long Inputs { get; init; }

    public required long Accepted { get; init; }

    /// <summary>Distinct refusals, with numbers and quotations taken out of their texts: how far into the reader the inputs got.</summary>
    public required int Refusals { get; init; }

    public required TimeSpan Elapsed { get; init; }

    /// <summary>Processor time of the slowest input.</summary>
    public required TimeSpan WorstTime { get; init; }

    /// <summary>The slowest input.</summary>
    public required byte[] WorstInput { get; init; }

    /// <summary>Bytes that the greediest input made the reader allocate.</summary>
    public required long WorstMemory { get; init; }

    /// <summary>One of a kind, by text.</summary>
    public required IReadOnlyDictionary<string, byte[]> Failures { get; init; }
}
