using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Comparison;

/// <summary>Collects differences in the order of the walk.</summary>
internal sealed class DifferenceList
{
    private readonly List<Difference> _differences = [];
    private readonly List<string> _notes = [];

    public int Count => _differences.Count;

    /// <summary>What could not be looked into, and why.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public void Add(Difference difference) => _differences.Add(difference);

    public void Note(string place, string problem) => _notes.Add($"{place}: {problem}; compared as bytes");

    public void NotePcrs(string name, string problem) => _notes.Add($"{name}: no PCRs are predicted: {problem}");

    /// <summary>Compares a value that has a name.</summary>
    public void Field(
        string place, string field, string? a, string? b, LikelyCause cause, DifferenceRank rank = DifferenceRank.Own, string? evidence = null)
    {
        if (a != b)
        {
            Add(new()
            {
                Place = place,
                Field = field,
                Kind = a is null ? DifferenceKind.Added : b is null ? DifferenceKind.Removed : DifferenceKind.Changed,
                A = a is null ? null : PrintedText.Escape(a),
                B = b is null ? null : PrintedText.Escape(b),
                Cause = cause,
                Rank = rank,
                Evidence = evidence is null ? null : PrintedText.Escape(evidence),
            });
        }
    }

    /// <summary>Compares two contents that have no structure known here; equal ones add nothing.</summary>
    public void Content(string place, ByteSource a, ByteSource b, DifferenceRank rank = DifferenceRank.Own, string field = "content")
    {
        if (ByteDifference.Between(a, b) is not { } bytes)
        {
            return;
        }

        (LikelyCause cause, string? evidence) = CauseFinder.Find(a, b, bytes.Offset);
        Add(new()
        {
            Place = place,
            Field = field,
            Kind = DifferenceKind.Changed,
            A = Facts(a),
            B = Facts(b),
            Bytes = bytes,
            Cause = cause,
            Rank = rank,
            Evidence = evidence is null ? null : PrintedText.Escape(evidence),
        });
    }

    /// <summary>Size and digest of a content.</summary>
    public static string Facts(ByteSource content) =>
        $"{content.Length:N0} bytes, sha256 {Convert.ToHexStringLower(ContentDigest.Compute(content, HashAlgorithmName.SHA256))}";

    /// <summary>What is computed from other things is a consequence as soon as something else differs.</summary>
    public IReadOnlyList<Difference> Finish()
    {
        if (_differences.Count == 0)
        {
            return [];
        }

        DifferenceRank lowest = _differences.Min(difference => difference.Rank);
        return [.. _differences.Select(d => d.Rank == lowest ? d : d with { Cause = LikelyCause.Consequence })];
    }
}
