using System.Text;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.Tests.KeyPolicy;

/// <summary>
/// The evaluation logic as the guides describe it. Pages of the IAM User Guide: "Policy evaluation for requests within a single account" (one account),
/// "Cross-account policy evaluation logic" (two accounts), "AWS JSON policy elements: Principal" and "NotPrincipal" (principal, not principal).
/// Of the KMS Developer Guide: "Default key policy" (default), "Troubleshooting AWS KMS permissions" (KMS), "Allowing users in other accounts" (two accounts),
/// "Grants" (grants), "Condition keys for NitroTPM" (attestation).
/// </summary>
public sealed class EvaluationTests
{
    private const string Role = "arn:aws:iam::111122223333:role/app";
    private const string Session = "arn:aws:sts::111122223333:assumed-role/app/i-0123";
    private const string Alice = "arn:aws:iam::111122223333:user/alice";
    private const string Root = "arn:aws:iam::111122223333:root";
    private const string Foreign = "arn:aws:iam::444455556666:role/app";
    private const string AllowAll = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}""";
    private const string DenyAll = """{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}]}""";
    private const string AllowOther = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}""";

    // page, key policy statements, who, identity policy, boundary, SCP, RCP, allowed
    public static TheoryData<string, string, string, string?, string?, string?, string?, bool> Requests => new()
    {
        { "default: the account's root user has the key by the key policy", Allow(Root), Root, null, null, null, null, true },
        { "default: naming the account lets identity policies decide", Allow(Root), Role, AllowAll, null, null, null, true },
        { "KMS: Alice has no identity policy, so the delegation gives her nothing", Allow(Root), Alice, null, null, null, null, false },
        { "KMS: an identity policy for another service gives nothing", Allow(Root), Alice, AllowOther, null, null, null, false },
        { "KMS: an identity policy alone gives nothing without the key policy", Allow(Role), Alice, AllowAll, null, null, null, false },
        { "KMS: not even the root user when the key policy leaves it out", Allow(Role), Root, null, null, null, null, false },
        { "one account: the resource policy alone is enough for a role", Allow(Role), Role, null, null, null, null, true },
        { "one account: and for a session of the role", Allow(Role), Session, null, null, null, null, true },
        { "one account: and for a user", Allow(Alice), Alice, null, null, null, null, true },
        { "one account: an explicit deny of the identity policy wins", Allow(Role), Role, DenyAll, null, null, null, false },
        { "one account: an explicit deny of the key policy wins", Allow(Role) + "," + Deny(Role), Role, AllowAll, null, null, null, false },
        { "one account: an explicit deny of the control policy wins", Allow(Role), Role, null, null, DenyAll, null, false },
        { "one account: an explicit deny of the resource control policy wins", Allow(Role), Role, null, null, null, Rcp(), false },
        { "one account: a control policy that allows something else leaves nothing", Allow(Role), Role, null, null, AllowOther, null, false },
        { "one account: a control policy binds the root user too", Allow(Root), Root, null, null, DenyAll, null, false },
        { "one account: a boundary limits what a role ARN is given", Allow(Role), Role, null, AllowOther, null, null, false },
        { "one account: a boundary does not limit what the session itself is given", Allow(Session), Session, null, AllowOther, null, null, true },
        { "one account: nor what a user is given", Allow(Alice), Alice, null, AllowOther, null, null, true },
        { "one account: a boundary limits the identity policy", Allow(Root), Alice, AllowAll, AllowOther, null, null, false },
        { "principal: another session's ARN is not this session", Allow("arn:aws:sts::111122223333:assumed-role/app/other"), Session, null, null, null, null, false },
        { "principal: the account's number is its root ARN", Allow("111122223333"), Role, AllowAll, null, null, null, true },
        { "principal: star is everyone", """{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}""", Role, null, null, null, null, true },
        { "principal: a role with a path is the same role in its session", Allow("arn:aws:iam::111122223333:role/some/path/app"), Session, null, null, null, null, true },
        { "principal: denying the account denies everybody in it", Allow(Role) + "," + Deny(Root), Role, null, null, null, null, false },
        { "not principal: in a Deny, naming the role alone does not spare its sessions", Allow(Role) + "," + DenyNot($"\"{Role}\""), Session, null, null, null, null, false },
        { "not principal: naming account, role and session does", Allow(Role) + "," + DenyNot($"\"{Role}\",\"{Session}\",\"{Root}\""), Session, null, null, null, null, true },
        { "two accounts: both sides have to allow", Allow(Foreign), Foreign, AllowAll, null, null, null, true },
        { "two accounts: the key policy alone is not enough", Allow(Foreign), Foreign, null, null, null, null, false },
        { "two accounts: the identity policy alone is not enough", Allow(Role), Foreign, AllowAll, null, null, null, false },
        { "two accounts: naming the other account lets its administrators decide", Allow("444455556666"), Foreign, AllowAll, null, null, null, true },
        { "two accounts: the key account's control policy does not bind the caller", Allow(Foreign), Foreign, AllowAll, null, DenyAll, null, true },
        { "two accounts: the key account's resource control policy does", Allow(Foreign), Foreign, AllowAll, null, null, Rcp(), false },
        { "service: named", """{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}""", "ec2.amazonaws.com", null, null, null, null, true },
        { "service: another", """{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}""", "s3.amazonaws.com", null, null, null, null, false },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_is_decided_as_documented(string page, string statements, string who, string? identity, string? boundary, string? scp, string? rcp, bool allowed)
    {
        PolicySet policies = new()
        {
            KeyPolicy = Read($$"""{"Version":"2012-10-17","Statement":[{{statements}}]}""", PolicyKind.Key),
            Identity = identity is null ? [] : [new(Read(identity, PolicyKind.Identity))],
            Boundaries = boundary is null ? [] : [new(Read(boundary, PolicyKind.Identity))],
            ServiceControl = scp is null ? [] : [Read(scp, PolicyKind.ServiceControl)],
            ResourceControl = rcp is null ? [] : [Read(rcp, PolicyKind.ResourceControl)],
        };
        Decision decision = KeyPolicySimulator.Evaluate(policies, Ask(who));
        Assert.True(allowed == decision.IsAllowed, $"{page}: {decision.Reason}");
        Decision traced = KeyPolicySimulator.Evaluate(policies, Ask(who), trace: true);
        Assert.Equal(allowed, traced.IsAllowed);
        Assert.NotEmpty(traced.Trace);
    }

    [Theory]
    [InlineData("kms:Decrypt", "purpose=logs", true)] // grants: the subset is there
    [InlineData("kms:Decrypt", "purpose=logs;more=1", true)]
    [InlineData("kms:Decrypt", "purpose=other", false)]
    [InlineData("kms:Decrypt", "", false)]
    [InlineData("kms:Encrypt", "purpose=logs", false)] // grants: not among the operations
    [InlineData("kms:DescribeKey", "", true)] // grants: constraints bind only operations with a context
    public void A_grant_gives_its_operations_under_its_constraints(string action, string context, bool allowed)
    {
        IReadOnlyList<KeyGrant> grants = GrantListReader.Read(Encoding.UTF8.GetBytes(
            """{"Grants":[{"GrantId":"g1","GranteePrincipal":"ROLE","Operations":["Decrypt","DescribeKey"],"Constraints":{"EncryptionContextSubset":{"purpose":"logs"}}}],"Truncated":false}"""
                .Replace("ROLE", Role, StringComparison.Ordinal)));
        PolicySet policies = new() { KeyPolicy = Read($$"""{"Statement":{{Allow(Root)}}}""", PolicyKind.Key), Grants = grants };
        KeyRequest request = Ask(Session) with
        {
            Action = action,
            Context = [.. context.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(pair => new KeyValuePair<string, IReadOnlyList<string>>($"kms:EncryptionContext:{pair.Split('=')[0]}", [pair.Split('=')[1]]))],
        };
        Assert.Equal(allowed, KeyPolicySimulator.Evaluate(policies, request).IsAllowed);
        Assert.False(KeyPolicySimulator.Evaluate(policies, request with { Principal = RequestPrincipal.Parse(Alice) }).IsAllowed);
        PolicySet denied = policies with { KeyPolicy = Read($$"""{"Statement":[{{Allow(Root)}},{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}]}""", PolicyKind.Key) };
        Assert.False(KeyPolicySimulator.Evaluate(denied, request).IsAllowed);
    }

    [Fact]
    public void The_reason_names_statement_and_condition()
    {
        string pcr = AttestedPcrs.KeyOf(4);
        PolicySet policies = new()
        {
            KeyPolicy = Read(
                """{"Version":"2012-10-17","Statement":[{"Sid":"Gen","Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"KEY":"VALUE"}}}]}"""
                    .Replace("ROLE", Role, StringComparison.Ordinal).Replace("KEY", pcr, StringComparison.Ordinal).Replace("VALUE", Plans.Digest("a").ToUpperInvariant(), StringComparison.Ordinal),
                PolicyKind.Key),
        };
        KeyRequest attested = Ask(Role) with { Attestation = new() { Name = "a", Values = new Dictionary<int, string> { [4] = Plans.Digest("a") } } };
        Decision yes = KeyPolicySimulator.Evaluate(policies, attested, trace: true), no = KeyPolicySimulator.Evaluate(policies, Ask(Role), trace: true);
        Assert.True(yes.IsAllowed);
        Assert.Contains($"statement 1 \"Gen\" (StringEqualsIgnoreCase {pcr} holds", yes.Reason, StringComparison.Ordinal);
        Assert.False(no.IsAllowed);
        Assert.Contains(no.Trace, outcome => outcome.Because == $"StringEqualsIgnoreCase {pcr} does not hold: the request has no such key");
        // attestation: only operations that take a Recipient show a document
        Assert.False(KeyPolicySimulator.Evaluate(policies, attested with { Action = "kms:Sign" }).IsAllowed);
    }

    [Theory]
    [InlineData("kms:PutKeyPolicy", false)]
    [InlineData("kms:ReplicateKey", false)]
    [InlineData("kms:Decrypt", true)]
    [InlineData("kms:CreateGrant", true)]
    public void Management_works_within_the_account_only(string action, bool allowed)
    {
        PolicySet policies = PolicySet.WorstCase(Read($$"""{"Statement":{{Allow(Foreign)}}}""", PolicyKind.Key));
        Assert.Equal(allowed, KeyPolicySimulator.Evaluate(policies, Ask(Foreign) with { Action = action }).IsAllowed);
    }

    internal static PolicyDocument Read(string json, PolicyKind kind) => PolicyReader.Read(Encoding.UTF8.GetBytes(json), kind);

    private static KeyRequest Ask(string who) => new() { Principal = RequestPrincipal.Parse(who), Action = KmsAction.Decrypt, Key = Plans.Key };

    private static string Allow(string who) => $$"""{"Effect":"Allow","Principal":{"AWS":"{{who}}"},"Action":"kms:*","Resource":"*"}""";

    private static string Deny(string who) => $$"""{"Effect":"Deny","Principal":{"AWS":["{{who}}"]},"Action":["kms:decrypt"],"Resource":"*"}""";

    private static string DenyNot(string list) => $$"""{"Effect":"Deny","NotPrincipal":{"AWS":[{{list}}]},"Action":"kms:*","Resource":"*"}""";

    private static string Rcp() => """{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}]}""";
}
