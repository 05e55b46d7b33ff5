using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.KeyPolicy.Proof;

/// <summary>A variation of the request's surroundings.</summary>
/// <param name="Label">One line; empty for the surroundings in which every condition of the plan holds.</param>
/// <param name="Context">Context keys; no values take a key out.</param>
public sealed record ContextCase(string Label, IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Context);

/// <summary>One request of the space, with the names of its coordinates.</summary>
/// <param name="Request">The request.</param>
/// <param name="Attestation">What it shows.</param>
/// <param name="Context">Its surroundings.</param>
public sealed record SpacePoint(KeyRequest Request, AttestationCase Attestation, ContextCase Context)
{
    /// <summary>The same for the same point of another space.</summary>
    public string Identity => $"{Request}|{Attestation.Pcrs?.Name}|{Context.Label}";
}

/// <summary>
/// The finite space of meaningful requests: each principal, each action on a key, each kind of attestation document, each condition met and not met.
/// Policies compare for equality, so a value that none of them names stands for all such values.
/// </summary>
public sealed class RequestSpace
{
    /// <summary>An account that no policy names.</summary>
    public const string ForeignAccount = "999999999999";

    private readonly List<SpacePoint> _points = [];

    /// <summary>The requests.</summary>
    public IReadOnlyList<SpacePoint> Points => _points;

    /// <summary>Who asks.</summary>
    public required IReadOnlyList<RequestPrincipal> Principals { get; init; }

    /// <summary>Strangers of every kind: another role and user of the account, its root user, another account's role and root user, a service.</summary>
    public static IReadOnlyList<string> Strangers(KeyIdentity key) =>
    [
        $"arn:{key.Partition}:iam::{key.Account}:role/outsider",
        $"arn:{key.Partition}:iam::{key.Account}:user/outsider",
        $"arn:{key.Partition}:iam::{key.Account}:root",
        $"arn:{key.Partition}:iam::{ForeignAccount}:role/outsider",
        $"arn:{key.Partition}:iam::{ForeignAccount}:root",
        "ec2.amazonaws.com",
    ];

    /// <summary>The space of a plan, and of policies that may name further principals.</summary>
    public static RequestSpace Of(BindingPlan plan, IEnumerable<string>? furtherPrincipals = null)
    {
        List<AttestedPcrs> releases = [.. plan.Generations.Select(generation => generation.Pcrs)];
        DateTimeOffset[] deadlines = [.. plan.Generations.Select(generation => generation.Until).OfType<DateTimeOffset>().Distinct().Order()];
        DateTimeOffset first = deadlines.Length > 0 ? deadlines[0].AddSeconds(-1) : new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return Build(
            plan.Key,
            [.. plan.Principals, .. plan.Administrators.Select(one => one.Principal), .. furtherPrincipals ?? []],
            AttestationCase.Enumerate(releases, plan.Denied),
            ContextsOf(plan),
            [first, .. deadlines.SelectMany(deadline => new[] { deadline.AddSeconds(-1), deadline, deadline.AddDays(1) }).Distinct().Where(time => time != first), .. deadlines.Length > 0 ? new DateTimeOffset?[] { null } : []]);
    }

    /// <summary>The space of any principals, documents, surroundings and times (null: no time in the request); the first of the two last is the ordinary case.</summary>
    public static RequestSpace Build(
        KeyIdentity key,
        IEnumerable<string> principals,
        IReadOnlyList<AttestationCase> attestations,
        IReadOnlyList<ContextCase> contexts,
        IReadOnlyList<DateTimeOffset?> times)
    {
        RequestPrincipal[] who = [.. principals.Concat(Strangers(key)).Select(RequestPrincipal.TryParse).OfType<RequestPrincipal>().DistinctBy(one => one.ToString() + one.SessionArn)];
        RequestSpace space = new() { Principals = who };
        foreach (RequestPrincipal principal in who)
        {
            foreach (KmsAction action in KmsAction.All)
            {
                void Add(AttestationCase attestation, ContextCase context, DateTimeOffset? time)
                {
                    KeyRequest request = new() { Principal = principal, Action = action.Name, Key = key, Attestation = attestation.Pcrs, Context = context.Context, Time = time };
                    space._points.Add(new(request, attestation, context));
                }

                if (!action.IsAttestable)
                {
                    Add(attestations[0], contexts[0], times[0]);
                    if (action.Name == KmsAction.ScheduleKeyDeletion)
                    {
                        foreach (string days in (string[])["7", "29", "30"])
                        {
                            Add(attestations[0], new($"window {days} days", [new("kms:ScheduleKeyDeletionPendingWindowInDays", [days])]), times[0]);
                        }
                    }

                    continue;
                }

                foreach (AttestationCase attestation in attestations)
                {
                    bool sound = attestation.Kind is AttestationKind.Release or AttestationKind.Absent;
                    foreach (ContextCase context in sound ? contexts : contexts.Take(1))
                    {
                        Add(attestation, context, times[0]);
                    }

                    foreach (DateTimeOffset? time in times.Skip(1))
                    {
                        Add(attestation, contexts[0], time);
                    }
                }
            }
        }

        return space;
    }

    private static List<ContextCase> ContextsOf(BindingPlan plan)
    {
        static KeyValuePair<string, IReadOnlyList<string>> Pair(string key, params string[] values) => new(key, values);
        KeyValuePair<string, IReadOnlyList<string>>[] met = [.. plan.Conditions.Select(condition => Pair(condition.Key, condition.Values[0]))];
        List<ContextCase> cases = [new("", met)];
        for (int i = 0; i < plan.Conditions.Count; i++)
        {
            PlanCondition condition = plan.Conditions[i];
            ContextCase With(string label, params string[] values) => new(label, [.. met.Where(pair => pair.Key != condition.Key), Pair(condition.Key, values)]);
            cases.AddRange(condition.Values.Skip(1).Select(value => With($"{condition.Key} {value}", value)));
            cases.Add(With($"{condition.Key} of another value", "mantle-other"));
            cases.Add(With($"no {condition.Key}"));
        }

        return cases;
    }
}
