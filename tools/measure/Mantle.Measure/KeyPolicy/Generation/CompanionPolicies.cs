using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.KeyPolicy.Generation;

/// <summary>
/// The policies around the key policy. They do not name measurements and so do not change from release to release; each holds even when the key policy is lost.
/// </summary>
public static class CompanionPolicies
{
    /// <summary>The limit of both kinds of control policies (AWS Organizations User Guide, "Quotas").</summary>
    public const int ControlSizeLimit = 5120;

    /// <summary>
    /// What an instance's role may do: the plan's operations on this key, with an attestation document. In the key's own account the key policy is enough;
    /// a role of another account needs it.
    /// </summary>
    public static PolicyDocument InstanceRole(BindingPlan plan) => new(
        PolicyKind.Identity,
        PolicyDocument.CurrentVersion,
        null,
        [Statement(0, "AttestedUse", true, null, plan.Operations, plan, Attested(false))])
    { Name = "instance-role" };

    /// <summary>For the accounts that hold the key: only the plan's administrators touch its policy, and nobody opens a way around it.</summary>
    public static PolicyDocument ServiceControl(BindingPlan plan)
    {
        string[] control = [KmsAction.PutKeyPolicy, KmsAction.ScheduleKeyDeletion, "kms:DisableKey"];
        string[] administrators = [.. plan.Administrators.Where(one => one.May.SelectMany(right => AdministratorRight.Find(right)!.Actions).Any(action => control.Contains(action))).Select(one => one.Principal)];
        return new(
            PolicyKind.ServiceControl,
            PolicyDocument.CurrentVersion,
            null,
            [
                Statement(0, "DenyWaysAround", false, null, Around(plan), plan),
                Statement(1, "DenyControl", false, null, control, plan, administrators.Length == 0 ? [] : [StatementBuilder.Clause("ArnNotEquals", "aws:PrincipalArn", administrators)]),
            ])
        { Name = "service-control" };
    }

    /// <summary>For the account that holds the key, whoever asks and whatever the key policy says: no plaintext without an attestation document.</summary>
    public static PolicyDocument ResourceControl(BindingPlan plan) => new(
        PolicyKind.ResourceControl,
        PolicyDocument.CurrentVersion,
        null,
        [
            Statement(0, "DenyUnattested", false, PrincipalSet.Everyone, KmsAction.Named(KmsEffect.AttestedPlaintext), plan, Attested(true)),
            Statement(1, "DenyWaysAround", false, PrincipalSet.Everyone, Around(plan), plan),
        ])
    { Name = "resource-control" };

    private static string[] Around(BindingPlan plan) =>
    [
        .. KmsAction.Named(KmsEffect.UnattestedUse),
        .. KmsAction.Named(KmsEffect.Bypass).Where(action => plan.Phase != PlanPhase.Bootstrap || action is not ("kms:TagResource" or "kms:UntagResource")),
    ];

    private static ConditionClause[] Attested(bool absent) => [StatementBuilder.Clause("Null", AttestedPcrs.KeyOf(4), absent ? "true" : "false")];

    private static PolicyStatement Statement(
        int index, string sid, bool isAllow, PrincipalSet? principals, IReadOnlyList<string> actions, BindingPlan plan, params IReadOnlyList<ConditionClause> conditions) => new()
        {
            Index = index,
            Sid = sid,
            IsAllow = isAllow,
            Principals = principals,
            Actions = TextSet.Shortest(actions),
            Resources = new([plan.Key.Arn], false),
            Conditions = conditions,
        };
}
