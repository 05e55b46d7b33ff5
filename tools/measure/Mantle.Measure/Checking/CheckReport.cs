namespace Mantle.Measure.Checking;

/// <summary>Checks one by one, in the order in which they were made, and the verdict that they lead to.</summary>
public sealed class CheckReport
{
    private readonly List<CheckResult> _checks = [];
    private readonly List<string> _notes = [];

    /// <summary>The checks in order.</summary>
    public IReadOnlyList<CheckResult> Checks => _checks;

    /// <summary>What the verdict rests on beside the checks and a reader must know.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>One failure decides; else one needed check that was not made.</summary>
    public Verdict Verdict =>
        _checks.Exists(check => check.Outcome == CheckOutcome.Fail) ? Verdict.DoesNotHold
        : _checks.Count == 0 || _checks.Exists(check => check.Outcome == CheckOutcome.NotChecked && check.IsNeeded) ? Verdict.Unverified
        : Verdict.Holds;

    /// <summary>The exit code for the verdict.</summary>
    public int ExitCode => Verdict switch
    {
        Verdict.Holds => Measure.ExitCode.Success,
        Verdict.DoesNotHold => Measure.ExitCode.Mismatch,
        _ => Measure.ExitCode.Unverified,
    };

    /// <summary>The check of that name, or null when it was not made.</summary>
    public CheckResult? Find(string id) => _checks.Find(check => check.Id == id);

    /// <summary>Adds a check that was made.</summary>
    /// <returns>Whether it holds.</returns>
    public bool Check(string id, bool holds, string evidence)
    {
        _checks.Add(new(id, holds ? CheckOutcome.Pass : CheckOutcome.Fail, evidence, IsNeeded: true));
        return holds;
    }

    /// <summary>Adds a check that was made: it fails with the problem, or passes with the evidence when there is none.</summary>
    /// <returns>Whether it holds.</returns>
    public bool Check(string id, string? problem, string evidence) => Check(id, problem is null, problem ?? evidence);

    /// <summary>Adds a check that could not be made and without which there is no verdict.</summary>
    public void Missing(string id, string reason) => _checks.Add(new(id, CheckOutcome.NotChecked, reason, IsNeeded: true));

    /// <summary>Adds a check that was not made and that nobody asked for.</summary>
    public void Skipped(string id, string reason) => _checks.Add(new(id, CheckOutcome.NotChecked, reason, IsNeeded: false));

    /// <summary>Adds something that a reader must know.</summary>
    public void Note(string text) => _notes.Add(text);

    /// <summary>Takes over all checks and notes of another report, each name with a prefix.</summary>
    public void Include(string prefix, CheckReport other)
    {
        _checks.AddRange(other._checks.Select(check => check with { Id = prefix + check.Id }));
        _notes.AddRange(other._notes);
    }
}
