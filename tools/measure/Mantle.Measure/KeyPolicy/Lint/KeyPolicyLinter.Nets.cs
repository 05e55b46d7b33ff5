using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Proof;

namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>What an explicit deny should catch whatever is allowed elsewhere, now or later.</summary>
public sealed partial class KeyPolicyLinter
{
    private void CheckNets()
    {
        RequestPrincipal stranger = Stranger();
        RequestPrincipal[] strangers = [stranger, RequestPrincipal.Parse($"arn:{_input.Key.Partition}:iam::{RequestSpace.ForeignAccount}:role/outsider"), RequestPrincipal.Parse("ec2.amazonaws.com")];
        (RequestPrincipal Who, AttestedPcrs Shown)[] sound = [.. Sound()];
        AttestationCase[] others =
        [
            .. AttestationCase.Enumerate([.. sound.Select(one => one.Shown).DistinctBy(Identity)], []).Where(one => one.Kind is AttestationKind.OneWrong or AttestationKind.Mixed),
        ];
        foreach (string action in KmsAction.Named(KmsEffect.AttestedPlaintext))
        {
            foreach (RequestPrincipal who in sound.Select(one => one.Who).Concat(strangers).DistinctBy(one => one.ToString()))
            {
                ProposeNet(LintRules.NoNetUnattested, Short(action), Request(who, action));
            }

            foreach ((RequestPrincipal who, AttestedPcrs shown) in sound)
            {
                foreach (AttestationCase other in others)
                {
                    ProposeNet(LintRules.NoNetOtherImage, $"{Short(action)} with {Difference(other.Pcrs!, shown)}", Request(who, action, null, other.Pcrs));
                }

                foreach (RequestPrincipal other in strangers)
                {
                    ProposeNet(LintRules.NoNetPrincipal, Short(action), Request(other, action, null, shown));
                }
            }
        }

        foreach (RequestPrincipal who in strangers)
        {
            foreach (string action in KmsAction.Named(KmsEffect.UnattestedUse, KmsEffect.Bypass).Append("kms:DeleteImportedKeyMaterial"))
            {
                ProposeNet(LintRules.NoNetBypass, Short(action), Request(who, action));
            }

            foreach (string action in KmsAction.Named(KmsEffect.Ciphertext))
            {
                ProposeNet(LintRules.NoNetCiphertext, Short(action), Request(who, action));
            }

            ProposeNet(LintRules.NoNetPolicy, "", Request(who, KmsAction.PutKeyPolicy));
            ProposeNet(LintRules.EarlyDeletion, "no least window", Request(who, KmsAction.ScheduleKeyDeletion) with { Context = [new("kms:ScheduleKeyDeletionPendingWindowInDays", ["7"])] });
        }

        if (KeyPolicyGenerator.SizeOf(_policy) is var size and > KeyPolicyGenerator.SizeLimit)
        {
            Add(LintRules.TooLarge, LintRules.TooLarge.Severity, null, $"{size} bytes; KMS takes {KeyPolicyGenerator.SizeLimit}", null);
        }
    }

    /// <summary>Principals and documents that the policy means to let in.</summary>
    private IEnumerable<(RequestPrincipal Who, AttestedPcrs Shown)> Sound()
    {
        foreach (PolicyStatement statement in _policy.Statements.Where(statement => statement.IsAllow))
        {
            if (Witness.Attestation(statement) is { } shown && Witness.Principals(statement, _input.Key) is [RequestPrincipal who, ..])
            {
                yield return (who, shown with { Name = statement.Label });
            }
        }
    }

    private void CheckPlan()
    {
        if (_input.Plan is not { } plan)
        {
            return;
        }

        foreach (MatrixDifference difference in KeyPolicyGenerator.Prove(plan, _policy).DistinctBy(one => (one.IsLeak, one.Point.Request.Action, one.Actual)))
        {
            PolicySet policies = PolicySet.WorstCase(_policy);
            Add(LintRules.OffPlan, difference.IsLeak ? LintSeverity.Error : LintSeverity.Warning, null,
                $"{difference.Point.Request}: {difference.Actual.Word}, should be {difference.Expected.Word}",
                new(difference.Point.Request, policies, difference.Actual.IsAllowed, null));
        }
    }

    private static string Identity(AttestedPcrs pcrs) => string.Concat(AttestedPcrs.Bound.Select(pcr => pcrs[pcr]));

    private static string Difference(AttestedPcrs one, AttestedPcrs other) => string.Join(" and ", AttestedPcrs.Bound.Where(pcr => one.Values.GetValueOrDefault(pcr) != other[pcr]).Select(pcr => one.Values.ContainsKey(pcr) ? $"another PCR {pcr}" : $"no PCR {pcr}"));
}
