using Mantle.Formats.Bytes;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Proof;

namespace Mantle.Measure.KeyPolicy.Rolling;

/// <summary>A principal that gains or loses something.</summary>
/// <param name="IsGain">Gains, not loses.</param>
/// <param name="Principal">Who.</param>
/// <param name="Attestation">With which documents.</param>
/// <param name="Surroundings">In which context; empty for the ordinary one.</param>
/// <param name="Actions">What.</param>
/// <param name="Example">One of the requests.</param>
public sealed record PolicyChange(bool IsGain, string Principal, string Attestation, string Surroundings, IReadOnlyList<string> Actions, KeyRequest Example)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{(IsGain ? "gains" : "loses")}  {Principal}, {Attestation}{(Surroundings.Length == 0 ? "" : $", {Surroundings}")}: {string.Join(' ', Actions)}";
}

/// <summary>What two policies do differently: requests, not texts.</summary>
public static class PolicyDiff
{
    /// <summary>Gains first, then losses; empty when both let through the same.</summary>
    public static IReadOnlyList<PolicyChange> Of(PolicySet before, PolicySet after, RequestSpace space)
    {
        PolicyMatrix old = PolicyMatrix.Of(before, space), now = PolicyMatrix.Of(after, space);
        List<(bool Gain, SpacePoint Point)> changed = [];
        for (int i = 0; i < old.Cells.Count; i++)
        {
            if (old.Cells[i].Verdict.IsAllowed != now.Cells[i].Verdict.IsAllowed)
            {
                changed.Add((now.Cells[i].Verdict.IsAllowed, space.Points[i]));
            }
        }

        // What changes in the ordinary surroundings is said once and not for all others again.
        string ordinary = space.Points.Count == 0 ? "" : Where(space.Points[0]);
        HashSet<(bool, string, string, string)> usual = [.. changed.Where(one => Where(one.Point) == ordinary).Select(Subject)];
        return
        [
            .. changed.Where(one => Where(one.Point) == ordinary || !usual.Contains(Subject(one)))
                .GroupBy(one => (one.Gain, Who: one.Point.Request.Principal.ToString(), Where: Where(one.Point), one.Point.Request.Action))
                .GroupBy(action => (action.Key.Gain, action.Key.Who, action.Key.Where, Shown: string.Join(", ", action.Select(one => Shown(one.Point)).Distinct())))
                .OrderByDescending(group => group.Key.Gain)
                .Select(group => new PolicyChange(
                    group.Key.Gain, group.Key.Who, group.Key.Shown, group.Key.Where == ordinary ? "" : group.Key.Where, [.. group.Select(action => action.Key.Action)], group.First().First().Point.Request)),
        ];
    }

    private static (bool, string, string, string) Subject((bool Gain, SpacePoint Point) one) =>
        (one.Gain, one.Point.Request.Principal.ToString(), Shown(one.Point), one.Point.Request.Action);

    private static string Shown(SpacePoint point) =>
        KmsAction.Find(point.Request.Action) is { IsAttestable: false } ? "any request" : point.Attestation.Pcrs is { } pcrs ? $"attested as {pcrs.Name}" : "unattested";

    private static string Where(SpacePoint point) => point.Context.Label + (point.Request.Time is { } time
        ? $"{(point.Context.Label.Length == 0 ? "" : ", ")}at {UtcTime.Text(time)}" : "no time");
}
