using System.Text;
using Mantle.Fuzz.Seeds;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Lint;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Fuzz;

/// <summary>Key policies, lists of grants and binding plans: what an account or a person wrote.</summary>
internal static class PolicyReaders
{
    private const string Policy = """
        {"Version":"2012-10-17","Id":"key","Statement":[
        {"Sid":"use","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:role/app","111122223333"],"Service":"ec2.amazonaws.com"},"Action":["kms:Decrypt","kms:Generate*"],"Resource":"*",
        "Condition":{"StringEqualsIgnoreCase":{"kms:RecipientAttestation:NitroTPMPCR4":["00","${aws:username, 'x'}"],"kms:RecipientAttestation:NitroTPMPCR12":"0"},"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"},
        "NumericLessThanIfExists":{"k":7},"Bool":{"aws:SecureTransport":true},"IpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:db8::/32"]},"ForAllValues:StringLike":{"aws:TagKeys":"a*?"}}},
        {"Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotAction":"kms:Describe*","NotResource":"arn:aws:kms:*:111122223333:key/*","Condition":{"Null":{"kms:ViaService":"true"},"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/a"}}}]}
        """;

    private const string Grants = """
        {"Grants":[{"KeyId":"arn:aws:kms:eu-central-1:111122223333:key/1","GrantId":"g","Name":"n","CreationDate":1.5E9,"GranteePrincipal":"arn:aws:iam::111122223333:role/app","RetiringPrincipal":"arn:aws:iam::111122223333:root",
        "IssuingAccount":"arn:aws:iam::111122223333:root","Operations":["Decrypt","CreateGrant"],"Constraints":{"EncryptionContextSubset":{"a":"b"},"EncryptionContextEquals":{"c":"d"}}}],"Truncated":false}
        """;

    private const string Plan = """
        version: 1
        phase: final
        key:
          account: "111122223333"
          region: eu-central-1
          deletion-window: 30
        instances:
          principals: [arn:aws:iam::111122223333:role/app]
          operations: [kms:Decrypt]
          conditions:
            source-vpc: [vpc-1]
            encryption-context:
              a: b
        administrators:
          - principal: arn:aws:iam::111122223333:role/custodian
            may: [read, replace-policy]
        generations:
          - name: one
            state: retiring
            until: 2027-01-01T00:00:00Z
            pcrs:
              4: 111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111
              7: 222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222
              12: "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
              13: "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        """;

    private static readonly KeyIdentity s_key = new("aws", "eu-central-1", "111122223333", KeyIdentity.UnknownId);

    private static readonly IReadOnlyList<byte[]> s_words = Texts.Words(
        "null", "[]", "{}", "\"*\"", "\"kms:*\"", "true", "{\"", "\\u0000", "\\ud800", "1e999", "/*", ",", "IfExists", "ForAllValues:", "ForAnyValue:", "Not", "${", "}", "*", "?", ":", "/0", "Null", "Deny", "Allow");

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("key policy", () => [Texts.Bytes(Policy)], bytes => Evaluate(PolicyReader.Read(bytes, PolicyKind.Key))) { Words = s_words, MaximumLength = 4096, MemoryLimit = 512L << 20 },
        new("identity policy", () => [Texts.Bytes("""{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":["*"]}}""")], bytes => PolicyReader.Read(bytes, PolicyKind.Identity)) { Words = s_words },
        new("grants", () => [Texts.Bytes(Grants)], bytes => GrantListReader.Read(bytes)) { Words = s_words },
        new("binding plan", () => [Texts.Bytes(Plan)], bytes => PlanReader.Parse("plan.yaml", Encoding.UTF8.GetString(bytes)))
        {
            Refuses = problem => problem is UserErrorException,
            Words = Texts.Words("- ", ": ", "\n", "  ", "[", "]", "{", "}", "&a ", "*a", "!!str ", "|", ">", "\"", "'", "? ", "---\n", "...\n", "%YAML 1.2\n", "\t", "#", "<<: ", "null", "~", "kms:", "arn:aws:iam::"),
        },
    ];

    /// <summary>Whatever a policy says, simulator and linter have an answer.</summary>
    private static void Evaluate(PolicyDocument policy)
    {
        if (PolicyReader.Read(Encoding.UTF8.GetBytes(PolicyWriter.Write(policy)), PolicyKind.Key).Statements.Count != policy.Statements.Count)
        {
            throw new InvalidOperationException("a policy that was written reads back as another");
        }

        KeyPolicyLinter.Check(new() { Policies = PolicySet.WorstCase(policy), Key = s_key, Time = new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero) });
    }
}
