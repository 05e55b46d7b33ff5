using Mantle.Formats.Bytes;

namespace Mantle.Fuzz;

/// <summary>A reader under attack.</summary>
/// <param name="Name">A word for the table and for file names.</param>
/// <param name="Seeds">Makes sound inputs. Called once, when the reader's turn comes.</param>
/// <param name="Read">Reads an input to its end, contents included.</param>
internal sealed record FuzzReader(string Name, Func<IReadOnlyList<byte[]>> Seeds, Action<byte[]> Read)
{
    /// <summary>The exceptions with which the reader may refuse an input.</summary>
    public Func<Exception, bool> Refuses { get; init; } = problem => problem is MalformedInputException;

    /// <summary>Makes checksums right again after a mutation; done to every other input, so that what lies behind a checksum is met too.</summary>
    public Action<byte[]>? Repair { get; init; }

    /// <summary>Pieces that the format is sensitive to.</summary>
    public IReadOnlyList<byte[]> Words { get; init; } = [];

    /// <summary>Mutations do not grow an input beyond this many bytes.</summary>
    public int MaximumLength { get; init; } = 1 << 16;

    /// <summary>Bytes that one input may make the reader allocate, garbage included: more than it can ever hold at a time.</summary>
    public long MemoryLimit { get; init; } = 64L << 20;

    /// <summary>Whether the reader says the same of whatever is wrong, because a library does the reading.</summary>
    public bool RefusesAlike { get; init; }

    /// <summary>Whether an exception is a crash and not a refusal.</summary>
    public bool IsCrash(Exception problem) => !Refuses(problem);
}
