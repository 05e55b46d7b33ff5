namespace Mantle.Measure.Audit.Rules;

/// <summary>Findings as they come, from several threads: one a rule and place, with the evidence of every detection that held.</summary>
internal sealed class FindingList
{
    /// <summary>Evidence that a reader still reads.</summary>
    private const int MostEvidence = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Rule, string Place), (SealRule Rule, List<Evidence> Evidence)> _findings = [];
    private readonly List<Gap> _gaps = [];

    public void Add(SealRule rule, string place, params IEnumerable<Evidence> evidence)
    {
        lock (_gate)
        {
            if (!_findings.TryGetValue((rule.Id, place), out (SealRule Rule, List<Evidence> Evidence) known))
            {
                known = (rule, []);
                _findings.Add((rule.Id, place), known);
            }

            foreach (Evidence one in evidence)
            {
                if (known.Evidence.Count < MostEvidence && !known.Evidence.Contains(one))
                {
                    known.Evidence.Add(one);
                }
            }
        }
    }

    public void AddGap(Gap gap)
    {
        lock (_gate)
        {
            if (!_gaps.Contains(gap))
            {
                _gaps.Add(gap);
            }
        }
    }

    /// <summary>Worst first, then by rule and place; the order does not depend on threads.</summary>
    public IReadOnlyList<Finding> Findings() =>
    [
        .. _findings.Select(entry => new Finding(entry.Value.Rule, entry.Key.Place, [.. entry.Value.Evidence.OrderBy(e => e.Offset ?? -1).ThenBy(e => e.Text, StringComparer.Ordinal)]))
            .OrderByDescending(finding => finding.Rule.Severity)
            .ThenBy(finding => finding.Rule.Id, StringComparer.Ordinal)
            .ThenBy(finding => finding.Place, Formats.Bytes.LinuxText.ByteOrder),
    ];

    public IReadOnlyList<Gap> Gaps() => [.. _gaps.OrderBy(gap => gap.Place, Formats.Bytes.LinuxText.ByteOrder)];
}
