namespace Mantle.Measure.Explain;

/// <summary>Candidates that were tried together and contradict no value.</summary>
internal sealed class Trial
{
    private Trial(IReadOnlyList<Candidate> candidates, BootModel model)
    {
        Candidates = candidates;
        Model = model;
    }

    public IReadOnlyList<Candidate> Candidates { get; }

    public BootModel Model { get; }

    /// <summary>The differing values that now are as they should be, or had to move.</summary>
    public HashSet<Observed> Explained { get; } = [];

    /// <summary>Differing values that are computed exactly.</summary>
    public int Exact { get; private set; }

    /// <summary>Differing values that had to move, to a value that cannot be computed.</summary>
    public int Moved { get; private set; }

    /// <summary>Differing values that are still other than expected.</summary>
    public int Left { get; private set; }

    /// <summary>PCRs that the candidates changed, observed or not: of two equally good causes the one that claims less is better.</summary>
    public int Touched { get; private set; }

    /// <summary>Whether everything is explained, with at least one value computed exactly or a kind of cause that is certain.</summary>
    public bool IsWhole => Left == 0 && (Exact > 0 || Candidates.All(candidate => candidate.IsCertain));

    /// <summary>What it says, however its parts are ordered.</summary>
    public string Story => string.Join('\n', Candidates.Select(candidate => candidate.Sentence).Order(StringComparer.Ordinal));

    /// <summary>Null: a value contradicts, or nothing is gained.</summary>
    public static Trial? Of(BootModel model, IReadOnlyList<Observed> observations, IReadOnlyList<Candidate> candidates, BootModel? afterFirst = null)
    {
        BootModel? changed = afterFirst ?? model;
        foreach (Candidate candidate in afterFirst is null ? candidates : candidates.Skip(1))
        {
            changed = candidate.Apply(changed);
            if (changed is null)
            {
                return null;
            }
        }

        Trial trial = new(candidates, changed);
        foreach (Observed observation in observations)
        {
            if (!trial.Judge(model, observation))
            {
                return null;
            }
        }

        trial.Touched = changed.Pcrs.Count(pcr => !ReferenceEquals(pcr.Value, model[pcr.Key]));
        return trial.Explained.Count > 0 ? trial : null;
    }

    public IEnumerable<Cause> Causes() => Candidates.Select(candidate => new Cause(
        candidate.Hypothesis.Id,
        candidate.Sentence,
        [.. Explained.Where(observation => Model.Read(observation.Bank, observation.Index) is not null)],
        [.. Explained.Where(observation => Model.Read(observation.Bank, observation.Index) is null)],
        candidate.Advice));

    private bool Judge(BootModel before, Observed observation)
    {
        byte[]? value = Model.Read(observation.Bank, observation.Index);
        bool isUnknown = value is null && Model[observation.Index] is { IsUnknown: true };
        if (value is null && !isUnknown)
        {
            return false;
        }

        bool isActual = value is not null && value.AsSpan().SequenceEqual(observation.Actual.Span);
        if (!observation.Differs)
        {
            return isActual;
        }

        bool wasActual = before.Read(observation.Bank, observation.Index) is { } old && old.AsSpan().SequenceEqual(observation.Actual.Span);
        if (isActual)
        {
            if (!wasActual)
            {
                Exact++;
                Explained.Add(observation);
            }

            return true;
        }

        if (isUnknown && observation.Actual.Length == Mantle.Formats.Tpm.TpmHash.DigestSize(observation.Bank))
        {
            Moved++;
            Explained.Add(observation);
            return true;
        }

        // Still as expected: left for another cause. Another value: contradicted.
        Left++;
        return value is not null && before.Read(observation.Bank, observation.Index) is { } unchanged && value.AsSpan().SequenceEqual(unchanged);
    }
}
