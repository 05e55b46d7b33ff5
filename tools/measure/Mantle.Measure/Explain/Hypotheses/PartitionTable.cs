namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>PCR 5 without the partition table, or with what happens when the system takes over.</summary>
internal sealed class PartitionTable : Hypothesis
{
    private const int MostRetries = 4;

    public override string Id => "pcr5-course";

    public override string Name => "partition table not measured, or ExitBootServices early, missing or repeated";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        yield return Make(
            "no partition table was measured: the boot file did not come from a partition of a GPT disk (network, or another medium)",
            "boot from the disk, or leave PCR 5 out of the policy",
            model => model.With(5, events => events.Where(e => !e.IsGpt)));
        yield return Make(
            "the value is from before ExitBootServices: it was read while the firmware was still there, or from a log without the final events",
            "read PCR 5 when the system runs",
            model => model.With(5, events => events.TakeWhile(e => !IsInvocation(e))));
        yield return Make(
            "ExitBootServices was called and had not returned when the value was taken", "read PCR 5 when the system runs",
            model => model.With(5, events => events.TakeWhile(e => !IsInvocation(e)).Concat(events.Where(IsInvocation).Take(1))));
        for (int count = 1; count <= MostRetries; count++)
        {
            int retries = count;
            yield return Make(
                $"ExitBootServices failed {(retries == 1 ? "once" : $"{retries} times")} before it succeeded, which firmware may do at any boot",
                "leave PCR 5 out of the policy",
                model => model.With(5, events => events.SelectMany(e => IsInvocation(e)
                    ? [.. Enumerable.Range(0, retries).SelectMany(_ => new[] { e, ModelEvent.Action("Exit Boot Services Returned with Failure") }), e]
                    : new[] { e })));
        }
    }

    private static bool IsInvocation(ModelEvent e) => e.IsOf("Exit Boot Services Invocation"u8);
}
