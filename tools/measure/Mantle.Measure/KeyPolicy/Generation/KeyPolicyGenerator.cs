using System.Globalization;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Proof;

namespace Mantle.Measure.KeyPolicy.Generation;

/// <summary>A key policy and what was proven about it.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Size">Its size in bytes, without white space between the elements.</param>
/// <param name="Requests">How many requests were checked against the plan.</param>
public sealed record GeneratedKeyPolicy(PolicyDocument Policy, int Size, int Requests);

/// <summary>Turns a plan into a key policy, and proves that it is the plan's.</summary>
public static class KeyPolicyGenerator
{
    /// <summary>A key policy's limit in bytes (KMS Developer Guide, "Resource quotas": key policy document size).</summary>
    public const int SizeLimit = 32768;

    private static readonly IReadOnlyList<string> s_plaintext = KmsAction.Named(KmsEffect.AttestedPlaintext);

    /// <summary>The plan's key policy. The same plan gives the same policy.</summary>
    /// <exception cref="UserErrorException">It is larger than KMS takes, or it does not do what the plan says.</exception>
    public static GeneratedKeyPolicy Generate(BindingPlan plan)
    {
        PolicyDocument policy = Write(plan);
        int size = SizeOf(policy);
        if (size > SizeLimit)
        {
            throw new UserErrorException(
                $"the policy has {size} bytes and KMS takes {SizeLimit}: {Fitting(plan)} generations of this plan fit, and it has {plan.Bound.Count()}",
                "revoke the generations that nothing runs any more");
        }

        RequestSpace space = RequestSpace.Of(plan);
        IReadOnlyList<MatrixDifference> differences = Prove(plan, policy, space);
        return differences.Count == 0
            ? new(policy, size, space.Points.Count)
            : throw new UserErrorException(
                $"the policy would not do what the plan says; {differences.Count} requests differ, the first: {differences[0]}",
                "no policy was written; this is a contradiction within the plan or a defect of this tool");
    }

    /// <summary>Where a policy differs from its plan, in the worst case of identity policies.</summary>
    public static IReadOnlyList<MatrixDifference> Prove(BindingPlan plan, PolicyDocument policy, RequestSpace? space = null) =>
        PolicyMatrix.Compare(PolicySet.WorstCase(policy), space ?? RequestSpace.Of(plan, PrincipalsOf(policy)), new PlanIntent(plan).Of);

    /// <summary>The size that KMS counts.</summary>
    public static int SizeOf(PolicyDocument policy) => Encoding.UTF8.GetByteCount(PolicyWriter.Write(policy, compact: true));

    /// <summary>How many generations like the plan's own fit into a policy.</summary>
    public static int Fitting(BindingPlan plan)
    {
        PlanGeneration[] like = [.. plan.Generations.Where(generation => generation.IsBound)];
        if (like.Length == 0 || plan.Phase == PlanPhase.Bootstrap)
        {
            return 0;
        }

        BindingPlan With(int count) => plan with
        {
            Generations =
            [
                .. Enumerable.Range(0, count).Select(i => like[i % like.Length] with
                {
                    Pcrs = like[i % like.Length].Pcrs.With(4, i.ToString("x96", CultureInfo.InvariantCulture), like[i % like.Length].Name),
                }),
            ],
        };
        int least = 0, most = 512;
        while (least < most)
        {
            int middle = (least + most + 1) / 2;
            (least, most) = SizeOf(Write(With(middle))) <= SizeLimit ? (middle, most) : (least, middle - 1);
        }

        return least;
    }

    /// <summary>The AWS principals that a policy names, in order.</summary>
    public static IReadOnlyList<string> PrincipalsOf(PolicyDocument policy) =>
    [
        .. policy.Statements.SelectMany(statement => (statement.Principals?.Entries ?? []).Where(entry => entry.Kind is "AWS" or "Service").SelectMany(entry => entry.Values.Values)
            .Concat(statement.Conditions.Where(clause => clause.Key.Equals("aws:PrincipalArn", StringComparison.OrdinalIgnoreCase)).SelectMany(clause => clause.Values.Values)))
            .Distinct(),
    ];

    /// <summary>The policy without a proof.</summary>
    internal static PolicyDocument Write(BindingPlan plan)
    {
        StatementBuilder statements = new();
        foreach (PlanGeneration generation in plan.Bound)
        {
            statements.Allow(SidOf(plan, generation), plan.PrincipalsOf(generation), plan.Operations, Conditions(plan, generation));
        }

        for (int i = 0; i < plan.Administrators.Count; i++)
        {
            PlanAdministrator administrator = plan.Administrators[i];
            string[] actions = [.. administrator.May.Select(right => AdministratorRight.Find(right)!).Where(right => right.IsAllowedIn(plan.Phase)).SelectMany(right => right.Actions)];
            if (actions.Length > 0)
            {
                statements.Allow($"Administrator{i + 1}", [administrator.Principal], actions);
            }
        }

        WriteNets(plan, statements);
        return new(PolicyKind.Key, PolicyDocument.CurrentVersion, $"mantle-{plan.Phase.ToString().ToLowerInvariant()}", statements.Statements) { Name = "generated" };
    }

    /// <summary>Letters, digits and spaces: what every service takes in a Sid.</summary>
    internal static string SidOf(BindingPlan plan, PlanGeneration generation) =>
        $"Generation {plan.Generations.TakeWhile(one => one != generation).Count() + 1} {generation.State.ToString().ToLowerInvariant()} "
        + string.Concat(generation.Name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : ' '));

    private static IReadOnlyList<ConditionClause> Conditions(BindingPlan plan, PlanGeneration generation)
    {
        List<ConditionClause> conditions = [.. AttestedPcrs.Bound.Select(pcr => StatementBuilder.Clause("StringEqualsIgnoreCase", AttestedPcrs.KeyOf(pcr), generation.Pcrs[pcr]))];
        conditions.AddRange(plan.Conditions.Select(condition => StatementBuilder.Clause("StringEquals", condition.Key, condition.Values)));
        if (generation.Until is { } until)
        {
            conditions.Add(StatementBuilder.Clause("DateLessThan", "aws:CurrentTime", UtcTime.Text(until)));
        }

        return conditions;
    }

    /// <summary>
    /// What no statement allows is denied once more, explicitly: a grant made earlier, or a statement that somebody adds, gets nothing around attestation.
    /// </summary>
    private static void WriteNets(BindingPlan plan, StatementBuilder statements)
    {
        AttestedPcrs[] allowed = [.. plan.Bound.Select(generation => generation.Pcrs)];
        List<string> never = [];
        if (allowed.Length == 0)
        {
            never.AddRange(s_plaintext);
        }
        else
        {
            int number = 0;
            foreach ((int pcr, IReadOnlyList<ConditionClause> conditions) in PcrNet.Of(allowed))
            {
                statements.Deny($"DenyOtherPcr{pcr}No{++number}", s_plaintext, conditions);
            }

            statements.DenyExcept("DenyOtherPrincipals", s_plaintext, plan.Principals);
        }

        string[] tags = ["kms:TagResource", "kms:UntagResource"];
        IReadOnlyList<string> taggers = plan.Holders("tag");
        never.AddRange(KmsAction.Named(KmsEffect.UnattestedUse));
        never.AddRange(KmsAction.Named(KmsEffect.Bypass).Where(action => taggers.Count == 0 || !tags.Contains(action)));
        never.Add("kms:DeleteImportedKeyMaterial");
        IReadOnlyList<string> encrypters = plan.Holders(AdministratorRight.Encrypt), replacers = plan.Holders(AdministratorRight.ReplacePolicy);
        never.AddRange(KmsAction.Named(KmsEffect.Ciphertext).Where(action => encrypters.Count == 0 || action != "kms:Encrypt"));
        if (replacers.Count == 0)
        {
            never.Add(KmsAction.PutKeyPolicy);
        }

        statements.Deny("DenyAlways", never);
        if (replacers.Count > 0)
        {
            statements.DenyExcept("DenyPolicyChange", [KmsAction.PutKeyPolicy], replacers);
        }

        if (encrypters.Count > 0)
        {
            statements.DenyExcept("DenyEncrypt", ["kms:Encrypt"], encrypters);
        }

        if (taggers.Count > 0)
        {
            statements.DenyExcept("DenyTags", tags, taggers);
        }

        statements.Deny(
            "DenyEarlyDeletion",
            [KmsAction.ScheduleKeyDeletion],
            StatementBuilder.Clause("NumericLessThan", "kms:ScheduleKeyDeletionPendingWindowInDays", plan.DeletionWindow.ToString(CultureInfo.InvariantCulture)));
    }
}
