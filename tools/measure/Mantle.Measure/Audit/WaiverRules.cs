using Mantle.Measure.Audit.Rules;

namespace Mantle.Measure.Audit;

/// <summary>Takes waived findings out, and finds the waivers that have expired or cover nothing.</summary>
internal static class WaiverRules
{
    private static readonly SealRule s_expired = new()
    {
        Id = "WAIVER-001",
        Family = "waivers",
        Severity = Severity.High,
        Title = "A waiver has expired",
        Why = "Nobody answers for the finding any more.",
        Fix = "Remove what it covers, or have its owner set a new date.",
    };

    private static readonly SealRule s_unused = new()
    {
        Id = "WAIVER-002",
        Family = "waivers",
        Severity = Severity.Low,
        Title = "A waiver covers nothing",
        Why = "It would hide a finding that comes back later.",
        Fix = "Take the waiver out.",
    };

    /// <summary>The rules about waivers themselves, which no waiver covers.</summary>
    public static IReadOnlyList<SealRule> All { get; } = [s_expired, s_unused];

    public static (IReadOnlyList<Finding> Findings, IReadOnlyList<Finding> Waived) Apply(IReadOnlyList<Finding> findings, IReadOnlyList<Waiver> waivers, DateOnly? at)
    {
        if (waivers.Count == 0)
        {
            return (findings, []);
        }

        DateOnly day = at ?? throw new ArgumentException("waivers need a day to be compared with", nameof(at));
        List<Finding> open = [];
        List<Finding> waived = [];
        HashSet<Waiver> used = [];
        foreach (Finding finding in findings)
        {
            Waiver[] covering = [.. waivers.Where(waiver => waiver.Covers(finding))];
            used.UnionWith(covering);
            if (covering.FirstOrDefault(waiver => waiver.Expires >= day) is { } valid)
            {
                waived.Add(finding with { Waiver = valid });
            }
            else
            {
                open.Add(finding);
            }
        }

        foreach (Waiver waiver in waivers)
        {
            string text = $"waiver of {waiver.Rule} for {waiver.Path}, owner {waiver.Owner}, expires {waiver.Expires:yyyy-MM-dd}";
            if (!used.Contains(waiver))
            {
                open.Add(new(s_unused, waiver.Position, [new(text)]));
            }
            else if (waiver.Expires < day)
            {
                open.Add(new(s_expired, waiver.Position, [new(text)]));
            }
        }

        return ([.. open.OrderByDescending(finding => finding.Rule.Severity)], waived);
    }
}
