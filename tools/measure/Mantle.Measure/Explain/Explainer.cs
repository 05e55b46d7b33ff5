using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;
using Mantle.Measure.Explain.Hypotheses;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain;

/// <summary>
/// Searches for why a machine's values are not the expected ones. A cause is named only if the values that it leads to are the actual ones, in
/// every bank, and no other value would have moved; or if what moved can have one kind of cause only.
/// </summary>
public static class Explainer
{
    private const int MostRounds = 4;
    private const int MostPaired = 400;
    private const int MostAlternatives = 4;

    /// <summary>In the order in which equally good causes are preferred.</summary>
    internal static IReadOnlyList<Hypothesis> All { get; } =
    [
        new ZeroPcr(), new AllOnes(), new OtherBank(), new TruncatedValue(), new NotBooted(), new KnownRelease(), new SecureBootOn(), new SecureBootOff(),
        new OtherKeys(), new StubRule(), new PePadding(), new ExtraBootAttempt(), new GivenExtras(), new ExtraWords(), new GrownPartitionTable(), new PartitionTable(),
        new CommandLineEnding(), new BootPhases(), new SectionRule(), new LoadOptionsEncoding(), new FlatHash(), new OtherPlacement(), new BootActionMissing(),
        new SeparatorMissing(), new SeparatorValue(), new StartupLocality(), new Sha1Padded(), new SwappedPcrs(), new OtherProfile(), new UnnamedExtra(),
    ];

    /// <summary>Explains.</summary>
    /// <param name="expected">What should have booted.</param>
    /// <param name="actual">What the machine says.</param>
    /// <param name="known">Other releases that are known.</param>
    /// <param name="words">Words that could have come into the command line.</param>
    /// <param name="extras">Files and words that could have come in from outside the boot file, all or some of them.</param>
    /// <exception cref="UserErrorException">The two have no PCR of one bank in common, or an extra is none that the stub would take.</exception>
    public static Explanation Explain(
        ExpectedBoot expected, ActualValues actual, IReadOnlyList<ExpectedBoot>? known = null, IReadOnlyList<string>? words = null, BootExtras? extras = null)
    {
        List<Observed> observations = Observe(expected, actual.Values);
        if (observations.Count == 0)
        {
            throw new UserErrorException(
                $"\"{actual.Origin}\" and \"{expected.Name}\" have no PCR of one bank in common",
                $"give values of bank {string.Join(", ", expected.Prediction.Banks.Select(bank => bank.Name()))}");
        }

        ExplainContext context = new() { Expected = expected, Known = known ?? [], Words = words ?? [], Extras = extras ?? BootExtras.None, Observations = observations };
        IReadOnlyList<LogDifference> events = actual.Log is null ? [] : LogComparer.Compare(expected, actual.Log);
        if (observations.TrueForAll(observation => !observation.Differs))
        {
            return new() { Expected = expected, Actual = actual, Observations = observations, EventDifferences = events };
        }

        Hypothesis[] tried = [.. All.Where(hypothesis => hypothesis.Needs(context) is null)];
        Candidate[] candidates = [.. tried.SelectMany(hypothesis => hypothesis.Candidates(context))];
        (List<Cause> causes, List<Cause> alternatives, List<Observed> open) = Search(expected.Model, observations, candidates);
        return new()
        {
            Expected = expected,
            Actual = actual,
            Observations = observations,
            EventDifferences = events,
            Causes = causes,
            Alternatives = alternatives,
            Unexplained = [.. open.Select(observation => observation.Index).Distinct().Order()],
            RuledOut = [.. tried.Where(hypothesis => causes.TrueForAll(cause => cause.Id != hypothesis.Id) && alternatives.TrueForAll(cause => cause.Id != hypothesis.Id)).Select(hypothesis => hypothesis.Name)],
            NotTried = [.. All.Where(hypothesis => hypothesis.Needs(context) is not null).Select(hypothesis => $"{hypothesis.Name}: needs {hypothesis.Needs(context)}")],
        };
    }

    private static List<Observed> Observe(ExpectedBoot expected, PcrList values)
    {
        List<Observed> observations = [];
        foreach (TpmAlgorithm bank in values.Banks)
        {
            foreach (int index in values.Indexes(bank))
            {
                if (expected.Model.Value(bank, index) is { } value && values.TryGetBytes(bank, index, out byte[]? actual))
                {
                    observations.Add(new(bank, index, actual, value));
                }
            }
        }

        return observations;
    }

    /// <summary>
    /// Round by round: one cause for everything that is left, then a pair, then the cause that explains most of it exactly; what that leaves is the next
    /// round's.
    /// </summary>
    private static (List<Cause> Causes, List<Cause> Alternatives, List<Observed> Open) Search(
        BootModel model, List<Observed> observations, Candidate[] candidates)
    {
        List<Cause> causes = [];
        for (int round = 0; round < MostRounds; round++)
        {
            List<Trial> singles = [.. candidates.Select(candidate => Trial.Of(model, observations, [candidate])).OfType<Trial>()];
            List<Trial> whole = [.. singles.Where(trial => trial.IsWhole)];
            if (whole.Count == 0)
            {
                whole = [.. PairsOfPcrs(model, observations, singles).Where(trial => trial.IsWhole)];
            }

            if (whole.Count == 0)
            {
                whole = [.. PairsInPcr(model, observations, candidates).Where(trial => trial.IsWhole)];
            }

            if (whole.Count > 0)
            {
                return Conclude(causes, whole);
            }

            Trial? best = singles.Where(trial => trial.Exact > 0).OrderByDescending(trial => trial.Exact).ThenBy(trial => trial.Moved).FirstOrDefault();
            if (best is null)
            {
                break;
            }

            causes.AddRange(best.Causes());
            model = best.Model;
            observations = [.. observations.Where(observation => !best.Explained.Contains(observation))];
        }

        return (causes, [], [.. observations.Where(observation => observation.Differs && !IsExplained(model, observation))]);
    }

    private static bool IsExplained(BootModel model, Observed observation) =>
        model.Read(observation.Bank, observation.Index) is { } value && value.AsSpan().SequenceEqual(observation.Actual.Span);

    private static (List<Cause> Causes, List<Cause> Alternatives, List<Observed> Open) Conclude(List<Cause> causes, List<Trial> whole)
    {
        // What leaves least open is best; certain-by-kind causes come after all that have an exact value.
        Trial best = whole.OrderBy(trial => trial.Exact == 0).ThenBy(trial => trial.Moved).ThenBy(trial => trial.Touched).First();
        causes.AddRange(best.Causes());
        IEnumerable<Trial> equal = whole.Where(trial =>
            trial.Story != best.Story && trial.Exact > 0 == best.Exact > 0 && trial.Moved == best.Moved && trial.Touched == best.Touched);
        return (causes, [.. equal.DistinctBy(trial => trial.Story).Take(MostAlternatives).SelectMany(trial => trial.Causes())], []);
    }

    /// <summary>Causes in different PCRs: each is consistent by itself.</summary>
    private static IEnumerable<Trial> PairsOfPcrs(BootModel model, List<Observed> observations, List<Trial> consistent)
    {
        Trial[] parts = [.. consistent.Where(trial => trial.Exact > 0 || trial.Candidates[0].IsCertain).Take(MostPaired)];
        foreach (Trial first in parts)
        {
            foreach (Trial second in parts)
            {
                if (first != second && !first.Explained.Overlaps(second.Explained) && Trial.Of(model, observations, [.. first.Candidates, .. second.Candidates]) is { } both)
                {
                    yield return both;
                }
            }
        }
    }

    /// <summary>Causes in one PCR: only both together give its value.</summary>
    private static IEnumerable<Trial> PairsInPcr(BootModel model, List<Observed> observations, Candidate[] candidates)
    {
        Candidate[] few = [.. candidates.DistinctBy(candidate => candidate.Sentence).Where(candidate => !candidate.IsCertain && candidate.Hypothesis is not GrownPartitionTable).Take(MostPaired)];
        foreach (Candidate first in few)
        {
            BootModel? changed = first.Apply(model);
            foreach (Candidate second in changed is null ? [] : few)
            {
                if (first != second && Trial.Of(model, observations, [first, second], changed) is { } both)
                {
                    yield return both;
                }
            }
        }
    }
}
