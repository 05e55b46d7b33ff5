using System.Text;
using Mantle.Emulator.Kms.Iam;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Kms.Tests.CrossCheck;

/// <summary>
/// The emulator's evaluation and the one of <c>measure policy simulate</c> were written apart, from AWS's documentation: each checks the other.
/// What they had to agree on because AWS says nothing is listed in docs/key-policy.md, "What the simulator follows".
/// </summary>
public sealed class VerdictTests
{
    private const int Cases = 10_000;

    [Fact]
    public void Ten_thousand_requests_have_the_same_verdict()
    {
        int allowed = 0;
        StringBuilder differences = new();
        int different = 0;
        for (int seed = 0; seed < Cases; seed++)
        {
            RandomCase one = new(seed);
            bool simulated = Simulate(one).IsAllowed, emulated = Emulate(one).IsAllowed;
            allowed += simulated ? 1 : 0;
            if (simulated != emulated && ++different <= 5)
            {
                differences.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n--- seed {seed}: simulator {Simulate(one).Reason}; emulator {Emulate(one)}\n{one}");
            }
        }

        Assert.True(different == 0, $"{different} of {Cases} differ{differences}");
        // Of the cases enough go either way to mean something.
        Assert.InRange(allowed, Cases / 10, Cases * 9 / 10);
    }

    private static PolicyDocument Read(string text, PolicyKind kind) => PolicyReader.Read(Encoding.UTF8.GetBytes(text), kind);

    internal static Decision Simulate(RandomCase one, DateTimeOffset? time = null, string keyId = RandomCase.KeyId)
    {
        IdentityPolicy[] Limits(string? text) => text is null ? [] : [new(Read(text, PolicyKind.Identity))];
        PolicySet policies = new()
        {
            KeyPolicy = Read(one.KeyPolicy, PolicyKind.Key),
            Identity = [.. one.Identity.Select(text => new IdentityPolicy(Read(text, PolicyKind.Identity)))],
            Boundaries = Limits(one.Boundary),
            Sessions = Limits(one.SessionPolicy),
            ServiceControl = one.ServiceControl is null ? [] : [Read(one.ServiceControl, PolicyKind.ServiceControl)],
            ResourceControl = one.ResourceControl is null ? [] : [Read(one.ResourceControl, PolicyKind.ResourceControl)],
            Grants = [.. one.Grants.Select((grant, i) => new Measure.KeyPolicy.Documents.KeyGrant
            {
                GrantId = $"{i}",
                GranteePrincipal = grant.Grantee,
                RetiringPrincipal = grant.Retiring,
                Operations = grant.Operations,
                ContextSubset = Pairs(grant.Subset) ?? new Dictionary<string, string>(),
                ContextEquals = Pairs(grant.Equal),
            })],
        };
        return KeyPolicySimulator.Evaluate(policies, new()
        {
            Principal = RequestPrincipal.Parse(one.Requester),
            Action = one.Action,
            Key = new("aws", TestCloud.Region, TestCloud.Account, keyId),
            Attestation = one.IsAttested ? new() { Name = "image", Values = one.Registers } : null,
            Time = time ?? RandomCase.Now,
            Context = [.. one.Context.Select(pair => KeyValuePair.Create(pair.Key, (IReadOnlyList<string>)pair.Value))],
        });
    }

    private static IamVerdict Emulate(RandomCase one)
    {
        IamPrincipal who = IamPrincipal.Of(one.Requester);
        Dictionary<string, string[]> context = RequestKeys.Of(who, TestCloud.Region, TestCloud.Account, RandomCase.Now);
        // The parameters' defaults (KMS API Reference).
        (string Action, string Key, string Value)[] defaults =
        [
            ("kms:ScheduleKeyDeletion", "kms:ScheduleKeyDeletionPendingWindowInDays", "30"),
            ("kms:PutKeyPolicy", "kms:BypassPolicyLockoutSafetyCheck", "false"),
            ("kms:CreateGrant", "kms:GrantIsForAWSResource", "false"),
        ];
        foreach ((_, string key, string value) in defaults.Where(parameter => parameter.Action == one.Action))
        {
            context[key] = [value];
        }

        if (one.IsAttested && one.Action is "kms:Decrypt" or "kms:GenerateDataKey" or "kms:GenerateDataKeyPair" or "kms:DeriveSharedSecret")
        {
            foreach ((int pcr, string value) in one.IsAttested ? one.Registers : [])
            {
                context[$"kms:RecipientAttestation:NitroTPMPCR{pcr}"] = [value];
            }
        }

        foreach ((string key, string[] values) in one.Context)
        {
            context[key] = values;
        }

        return KeyAuthorization.Decide(
            IamPolicy.Parse(one.KeyPolicy, hasPrincipals: true), TestCloud.Account, Grants(one), Attachments(one), new(who, one.Action, RandomCase.KeyArn, context));
    }

    internal static Emulator.Kms.Iam.KeyGrant[] Grants(RandomCase one) =>
    [
        .. one.Grants.Select((grant, i) => new Emulator.Kms.Iam.KeyGrant
        {
            Id = $"{i}",
            Grantee = grant.Grantee,
            Retiring = grant.Retiring,
            Operations = grant.Operations,
            ContextSubset = Pairs(grant.Subset),
            ContextEquals = Pairs(grant.Equal),
        }),
    ];

    internal static IamAttachments Attachments(RandomCase one) => new()
    {
        Identity = [.. one.Identity.Select(text => IamPolicy.Parse(text))],
        Boundary = one.Boundary is null ? null : IamPolicy.Parse(one.Boundary),
        Session = one.SessionPolicy is null ? [] : [IamPolicy.Parse(one.SessionPolicy)],
        ServiceControl = one.ServiceControl is null ? [] : [IamPolicy.Parse(one.ServiceControl)],
        ResourceControl = one.ResourceControl is null ? [] : [IamPolicy.Parse(one.ResourceControl, hasPrincipals: true)],
    };

    private static Dictionary<string, string>? Pairs((string Name, string Value)? pair) => pair is { } one ? new() { [one.Name] = one.Value } : null;
}
