using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.ImageBuilder.Binding;

/// <summary>Holds a live key against its plan: <c>imagebuilder bind status</c>, and what bind itself ends with.</summary>
internal static class BindCheck
{
    /// <summary>Checks everything that the key lives by.</summary>
    public static CheckReport Check(LiveKey live, BindingPlan plan, BindPolicy policy)
    {
        CheckReport report = new();
        report.Check("key", live.Arn == plan.Key.Arn ? null : $"KMS has {live.Arn}, the plan {plan.Key.Arn}", live.Arn);
        CheckKind(report, live);
        CheckPolicy(report, live, policy);
        CheckGrants(report, live, policy);
        CheckNames(report, live, plan);
        if (plan.RotationPeriod is not { } period)
        {
            report.Skipped("rotation", $"the plan says nothing of it; {Rotation(live.RotationPeriod)}");
        }
        else if (live.RotationPeriod is { } days)
        {
            report.Check("rotation", days == period ? null : $"{Rotation(days)}, the plan says every {period} days", Rotation(days));
        }
        else
        {
            report.Missing("rotation", "it may not be read");
        }

        return report;
    }

    private static void CheckKind(CheckReport report, LiveKey live)
    {
        report.Check("state", live.State == "Enabled" ? null : live.DeletionDate is { } date
            ? $"{live.State}, it will be deleted at {UtcTime.Text(date)}" : live.State, live.State);
        report.Check(
            "kind",
            (live.Spec, live.Usage) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT") ? null : $"{live.Spec} for {live.Usage}; a symmetric key for ENCRYPT_DECRYPT is wanted",
            $"{live.Spec} for {live.Usage}");
        report.Check(
            "origin",
            live.Origin == "AWS_KMS" ? null : $"{live.Origin}: whoever made the key material outside of KMS can decrypt without asking",
            live.Origin);
        report.Check(
            "replicas",
            live.Relatives.Count == 0 ? null : $"the same key material is under other policies at {string.Join(", ", live.Relatives)}",
            "no other key has this key's material");
    }

    private static void CheckPolicy(CheckReport report, LiveKey live, BindPolicy policy)
    {
        if (live.Policy is null)
        {
            report.Missing("policy", live.PolicyProblem!);
            return;
        }

        IReadOnlyList<string> drift = policy.Drift(live.Policy);
        report.Check("policy", drift.Count == 0 ? null : $"{drift.Count} differences from the plan, the first: {drift[0]}", policy.IsSame(live.Policy)
            ? "the plan's policy, statement for statement" : "other statements than the plan's, which let the same through");
    }

    private static void CheckGrants(CheckReport report, LiveKey live, BindPolicy policy)
    {
        if (live.Grants is null)
        {
            report.Missing("grants", "they may not be listed");
            return;
        }

        IReadOnlyList<string> leaks = live.Policy is null || live.Grants.Count == 0 ? [] : policy.Leaks(live.Policy, live.Grants);
        report.Check(
            "grants",
            leaks.Count == 0 ? null : $"{live.Grants.Count} grants let more through than the plan, the first: {leaks[0]}",
            live.Grants.Count == 0 ? "none" : $"{live.Grants.Count}, which the policy's denials hold: {string.Join(", ", live.Grants.Select(Describe))}");
    }

    private static void CheckNames(CheckReport report, LiveKey live, BindingPlan plan)
    {
        if (plan.Alias is null)
        {
            report.Skipped("alias", live.Aliases is null ? "the plan names none" : $"the plan names none; there are {live.Aliases.Count}: {string.Join(", ", live.Aliases)}");
        }
        else
        {
            report.Check(
                "alias",
                live.AliasTarget is null ? $"there is no {plan.Alias}" : live.AliasTarget != live.Arn ? $"{plan.Alias} points to {live.AliasTarget}" : null,
                plan.Alias);
        }
    }

    private static string Describe(KeyGrant grant) => $"{(grant.GrantId.Length > 12 ? grant.GrantId[..12] : grant.GrantId)} for {grant.GranteePrincipal} ({string.Join(' ', grant.Operations)})";

    private static string Rotation(int? days) => days switch
    {
        null => "it may not be read",
        0 => "no rotation",
        _ => $"every {days} days",
    };
}
