namespace Mantle.Measure.Audit;

/// <summary>A finding that somebody answers for, until a day.</summary>
/// <param name="Rule">Identifier of the rule.</param>
/// <param name="Path">The place as the report has it, or a glob over it; with a slash in front it is a path in any tree.</param>
/// <param name="Reason">Why the finding is accepted.</param>
/// <param name="Owner">Who answers for it.</param>
/// <param name="Expires">The last day on which it holds, compared with the release's epoch.</param>
/// <param name="Position">File, line and column, for messages.</param>
public sealed record Waiver(string Rule, string Path, string Reason, string Owner, DateOnly Expires, string Position)
{
    /// <summary>Whether it is about a finding.</summary>
    public bool Covers(Finding finding)
    {
        if (finding.Rule.Id != Rule)
        {
            return false;
        }

        int inTree = finding.Place.IndexOf(":/", StringComparison.Ordinal);
        return new Text.Glob(Path).Matches(Path.StartsWith('/') ? (inTree < 0 ? "" : finding.Place[(inTree + 2)..]) : finding.Place);
    }
}
