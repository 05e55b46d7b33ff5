using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.KeyPolicy.Proof;

/// <summary>
/// What a plan means for a request, said without statements and conditions: the generator's policy is held against this, and neither is made from the other.
/// </summary>
public sealed class PlanIntent(BindingPlan plan)
{
    /// <summary>Whether the plan's policy allows the request, and whether it denies it whatever else allows it.</summary>
    public Verdict Of(SpacePoint point) => new(Allows(point.Request), Denies(point.Request));

    private bool Allows(KeyRequest request)
    {
        if (IsInstance(request.Principal) && plan.Operations.Contains(request.Action) && request.Attestation is { } shown)
        {
            return plan.Bound.Any(generation =>
                generation.Pcrs.Equals4(shown)
                && plan.PrincipalsOf(generation).Any(role => IsSame(role, request.Principal))
                && (generation.Until is not { } until || request.Time < until)
                && plan.Conditions.All(condition => Meets(request, condition)));
        }

        return plan.Administrators.Any(administrator => IsSame(administrator.Principal, request.Principal)
            && administrator.May.Select(AdministratorRight.Find).Any(right => right!.IsAllowedIn(plan.Phase) && right.Actions.Contains(request.Action)));
    }

    private bool Denies(KeyRequest request)
    {
        switch (KmsAction.Find(request.Action)!.Effect)
        {
            case KmsEffect.AttestedPlaintext:
                return !IsInstance(request.Principal) || !plan.Bound.Any(generation => request.Attestation is { } shown && generation.Pcrs.Equals4(shown));
            case KmsEffect.UnattestedUse:
                return true;
            case KmsEffect.Bypass:
                return plan.Phase != PlanPhase.Bootstrap || !MayTag(request);
            case KmsEffect.Ciphertext:
                return request.Action != "kms:Encrypt" || !Holds(AdministratorRight.Encrypt, request.Principal);
            case KmsEffect.PolicyChange:
                return !Holds(AdministratorRight.ReplacePolicy, request.Principal);
            default:
                return request.Action == "kms:DeleteImportedKeyMaterial"
                    || (request.Action == KmsAction.ScheduleKeyDeletion && Window(request) < plan.DeletionWindow);
        }
    }

    private bool MayTag(KeyRequest request) => request.Action is "kms:TagResource" or "kms:UntagResource" && Holds("tag", request.Principal);

    private static int Window(KeyRequest request) =>
        int.Parse(request.BuildContext().Single("kms:ScheduleKeyDeletionPendingWindowInDays")!, System.Globalization.CultureInfo.InvariantCulture);

    private bool Holds(string right, RequestPrincipal who) => plan.Holders(right).Any(holder => IsSame(holder, who));

    private bool IsInstance(RequestPrincipal who) => plan.Principals.Any(role => IsSame(role, who));

    private static bool IsSame(string arn, RequestPrincipal who) => RequestPrincipal.Parse(arn).ToString() == who.ToString();

    private static bool Meets(KeyRequest request, PlanCondition condition) =>
        request.BuildContext().Single(condition.Key) is { } value && condition.Values.Contains(value);
}
