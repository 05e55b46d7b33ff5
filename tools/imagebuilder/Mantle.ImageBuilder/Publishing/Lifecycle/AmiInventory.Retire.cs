using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Images;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Proof;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Rolling;

namespace Mantle.ImageBuilder.Publishing.Lifecycle;

/// <summary>What is done with what was published.</summary>
public sealed partial class AmiInventory
{
    /// <summary>Lets nobody but the owner launch a release's AMIs, and deprecates them.</summary>
    /// <param name="statement">The release.</param>
    /// <param name="at">From when on; rounded up to a minute, as EC2 takes it.</param>
    /// <param name="dialogue">Is told, and asked.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What was done; null: the answer was no.</returns>
    /// <exception cref="UserErrorException">EC2 fails or refuses; run again, it goes on.</exception>
    public async Task<IReadOnlyList<string>?> RetireAsync(string statement, DateTimeOffset at, IDialogue dialogue, CancellationToken cancellation)
    {
        DateTimeOffset minute = new DateTimeOffset(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerMinute), TimeSpan.Zero).AddMinutes(1);
        List<(string What, Func<Task> Do)> calls = [];
        foreach (AmiRecord image in _images.Where(image => image.Statement == statement))
        {
            ImageService service = ServiceOf(image.Region);
            if (image.SharedWith.Count > 0)
            {
                calls.Add(($"{image.Region}: {image.Id} is no longer shared with {string.Join(", ", image.SharedWith)}", () => service.ShareAsync(image.Id, [], image.SharedWith, cancellation)));
            }

            if (image.Deprecated is not { } known || (DateTimeOffset.TryParse(known, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out DateTimeOffset time) && time > minute))
            {
                calls.Add(($"{image.Region}: {image.Id} is deprecated from {PrintedText.Time(minute.ToUnixTimeSeconds())} on", () => service.DeprecateAsync(image.Id, minute, cancellation)));
            }
        }

        return await DoAsync(calls, "retire these AMIs?", dialogue).ConfigureAwait(false);
    }

    /// <summary>The AMIs and snapshots of releases that the ledger has retired or revoked and to which the key policy releases nothing any more.</summary>
    public IReadOnlyList<string> Unneeded => [.. UnneededImages.Select(image => $"{image.Region}: {image.Id}, {image.Label}, {image.Ledger!.EventName}"), .. UnneededSnapshots.Select(snapshot => $"{snapshot.Region}: {snapshot.Id}, {snapshot.Ledger!.EventName}")];

    /// <summary>What is kept, and why.</summary>
    public IReadOnlyList<string> Kept =>
    [
        .. _images.Where(image => !UnneededImages.Contains(image)).Select(image => $"{image.Region}: {image.Id}, {image.Label}: {ReasonToKeep(image)}"),
        .. _snapshots.Where(snapshot => !UnneededSnapshots.Contains(snapshot))
            .Select(snapshot => $"{snapshot.Region}: {snapshot.Id}: {(snapshot.User is { } user ? $"{user} uses it" : snapshot.Ledger is { } entry ? $"{entry.EventName}, {snapshot.State}" : $"the ledger does not have its release, {snapshot.State}")}"),
    ];

    private IEnumerable<AmiRecord> UnneededImages => _images.Where(image => ReasonToKeep(image) is null);

    private IEnumerable<SnapshotRecord> UnneededSnapshots => _snapshots.Where(snapshot =>
        IsOver(snapshot.Ledger) && (snapshot.User is null || UnneededImages.Any(image => image.Region == snapshot.Region && image.Id == snapshot.User)));

    /// <summary>Deletes what is not needed: AMIs first, then their snapshots.</summary>
    /// <returns>What was deleted; null: the answer was no.</returns>
    /// <exception cref="UserErrorException">EC2 fails or refuses; run again, it goes on.</exception>
    public async Task<IReadOnlyList<string>?> CollectAsync(IDialogue dialogue, CancellationToken cancellation)
    {
        List<(string What, Func<Task> Do)> calls =
        [
            .. UnneededImages.Select(image => ((string, Func<Task>))($"{image.Region}: deregister {image.Id}, {image.Label}, {image.Ledger!.EventName}", () => ServiceOf(image.Region).DeregisterAsync(image.Id, cancellation))),
            .. UnneededSnapshots.Select(snapshot => ((string, Func<Task>))($"{snapshot.Region}: delete {snapshot.Id}, {snapshot.Ledger!.EventName}", () => ServiceOf(snapshot.Region).DeleteSnapshotAsync(snapshot.Id, cancellation))),
        ];
        return await DoAsync(calls, "delete these for ever?", dialogue).ConfigureAwait(false);
    }

    /// <summary>What has to become of the key policy's plan when a release retires: the change, and who loses by it.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="generation">The release's generation in it.</param>
    /// <param name="until">When it loses the key.</param>
    public static IReadOnlyList<string> PlanRetirement(BindingPlan plan, PlanGeneration generation, DateTimeOffset until)
    {
        string date = UtcTime.Text(until);
        if (!generation.IsBound)
        {
            return [$"generation {generation.Name} is revoked already: nothing to change"];
        }

        List<string> lines = [];
        BindingPlan before = plan;
        foreach ((PlanGeneration changed, string step) in (IEnumerable<(PlanGeneration, string)>)
            [
                (generation with { State = GenerationState.Retiring, Until = until }, $"in the plan, set generation {generation.Name} to \"state: retiring\" with \"until: {date}\", then run \"imagebuilder bind\""),
                (generation with { State = GenerationState.Revoked, Until = null }, $"when no instance runs it any more, set it to \"state: revoked\" and bind again"),
            ])
        {
            BindingPlan after = plan with { Generations = [.. plan.Generations.Select(one => one == generation ? changed : one)] };
            lines.Add(step);
            if (!after.Bound.Any() && plan.Phase != PlanPhase.Bootstrap)
            {
                lines.Add("  the plan has no other generation then: bind the one that follows first");
            }
            else
            {
                lines.AddRange(PolicyDiff.Of(PolicySet.WorstCase(KeyPolicyGenerator.Generate(before).Policy), PolicySet.WorstCase(KeyPolicyGenerator.Generate(after).Policy), RequestSpace.Of(before)).Select(change => $"  {change}"));
            }

            before = after;
        }

        return lines;
    }

    private static string? ReasonToKeep(AmiRecord image) =>
        image.Ledger is null ? "the ledger does not have its release"
        : !IsOver(image.Ledger) ? image.Ledger.EventName
        : image.Generation is { IsBound: true } generation ? $"{image.Ledger.EventName}, but the plan still releases the key to generation {generation.Name}"
        : null;

    private static bool IsOver(Measure.Release.Ledger.LedgerEntry? entry) => entry is { Event: Measure.Release.Ledger.LedgerEvent.Retired or Measure.Release.Ledger.LedgerEvent.Revoked };

    private static async Task<IReadOnlyList<string>?> DoAsync(List<(string What, Func<Task> Do)> calls, string question, IDialogue dialogue)
    {
        foreach ((string what, _) in calls)
        {
            dialogue.Say($"to do: {what}");
        }

        if (calls.Count == 0)
        {
            return [];
        }

        if (!dialogue.Confirm(question))
        {
            return null;
        }

        List<string> done = [];
        foreach ((string what, Func<Task> call) in calls)
        {
            try
            {
                await call().ConfigureAwait(false);
            }
            catch (CloudException e)
            {
                throw new UserErrorException(
                    $"{e.Message}; {(done.Count == 0 ? "nothing was changed" : $"done: {string.Join("; ", done)}")}; not done: {string.Join("; ", calls.Skip(done.Count).Select(one => one.What))}",
                    $"{e.Hint}; then run the same command again, it goes on from there", ExitCode.Remote, e);
            }

            done.Add(what);
        }

        return done;
    }
}
