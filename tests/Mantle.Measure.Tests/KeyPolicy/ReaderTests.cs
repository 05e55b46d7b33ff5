using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.Tests.KeyPolicy;

public sealed class ReaderTests
{
    private const string Statement = """{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}""";

    [Theory]
    [InlineData("""{"Statement":[],"Statement":[]}""", "line 1, column 17: the key \"Statement\" stands twice")]
    [InlineData("{\n  \"Verzion\": \"x\"}", "line 2, column 3: \"Verzion\" is no element of a policy")]
    [InlineData("""{"Version":"2012-10-18","Statement":[]}""", "2012-10-17 or 2008-10-17")]
    [InlineData("""{"Statement":[{"Effect":"allow","Principal":"*","Action":"kms:*"}]}""", "Allow or Deny")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"kms:*"}]}""", "needs Principal")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"x","Action":"kms:*"}]}""", "it can only be \"*\"")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":{"Aws":"x"},"Action":"kms:*"}]}""", "no kind of principal")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","NotAction":"kms:*"}]}""", "not both")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"Decrypt"}]}""", "names no service")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":[]}]}""", "empty array")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Condition":{"stringequals":{"a":"b"}}}]}""", "did you mean StringEquals?")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Condition":{"StringEquals":{"a":"b","A":"c"}}}]}""", "stands twice below StringEquals")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Condition":{"StringEquals":{"a":{}}}}]}""", "array of texts")]
    [InlineData("""{"Statement":[]} x""", "line 1, column 18")]
    [InlineData("""{"Statement":[],}""", "trailing comma")]
    [InlineData("""{"Statement":[{"Effect":"Allow" /* c */}]}""", "line 1")]
    [InlineData("\uFEFF{}", "byte order mark")]
    [InlineData("", "")]
    public void A_policy_that_is_not_sound_is_refused_with_its_place(string json, string problem)
    {
        MalformedInputException refusal = Assert.Throws<MalformedInputException>(() => EvaluationTests.Read(json, PolicyKind.Key));
        Assert.Contains(problem, refusal.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Form_is_kept()
    {
        string json = """{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"a b","Effect":"Deny","NotPrincipal":{"AWS":["1"],"Service":"s"},"NotAction":["kms:A"],"NotResource":"*","Condition":{"ForAnyValue:StringLike":{"k":["v","w"]},"Bool":{"b":"true"}}},STATEMENT]}""".Replace("STATEMENT", Statement, StringComparison.Ordinal);
        Assert.Equal(json, PolicyWriter.Write(EvaluationTests.Read(json, PolicyKind.Key), compact: true));
        string single = $$"""{"Statement":{{Statement}}}""";
        Assert.Equal(single, PolicyWriter.Write(EvaluationTests.Read(single, PolicyKind.Key), compact: true));
    }

    [Fact]
    public void A_cut_list_of_grants_is_refused() =>
        Assert.Throws<MalformedInputException>(() => GrantListReader.Read("""{"Grants":[],"Truncated":true,"NextMarker":"x"}"""u8.ToArray()));

    [Fact]
    public void Readers_refuse_or_accept_and_nothing_else()
    {
        byte[] policy = Encoding.UTF8.GetBytes(PolicyWriter.Write(Mantle.Measure.KeyPolicy.Generation.KeyPolicyGenerator.Write(Plans.Sample)));
        byte[] plan = File.ReadAllBytes(Plans.SampleFile);
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, int.MaxValue - 1], Gen.Byte).Sample(
            (kind, place, value) =>
            {
                byte[] bytes = [.. (kind & 1) == 0 ? policy : plan];
                int at = place % bytes.Length;
                bytes = kind < 4 ? bytes[..at] : [.. bytes[..at], value, .. bytes[(at + (kind == 6 ? 0 : 1))..]];
                try
                {
                    if ((kind & 1) == 0)
                    {
                        PolicyReader.Read(bytes, PolicyKind.Key);
                    }
                    else
                    {
                        PlanReader.Parse("plan.yaml", Encoding.UTF8.GetString(bytes));
                    }
                }
                catch (Exception e) when (e is MalformedInputException or UserErrorException)
                {
                }
            },
            iter: 1500);
    }

    [Theory]
    [InlineData("phase: final", "phase: done", "bootstrap, final or sealed")]
    [InlineData("deletion-window: 30", "deletion-window: 6", "7 to 30")]
    [InlineData("[kms:Decrypt, kms:GenerateDataKey]", "[kms:Encrypt]", "only these take an attestation document")]
    [InlineData("[kms:Decrypt, kms:GenerateDataKey]", "[kms:GenerateRandom]", "GenerateRandom uses none")]
    [InlineData("role/mantle-appliance", "root", "the ARN of a role")]
    [InlineData("role/mantle-appliance", "role/*", "the ARN of a role")]
    [InlineData("state: current", "state: retiring", "needs \"until\"")]
    [InlineData("may: [encrypt]", "may: [decrypt]", "one of read")]
    [InlineData("[read, replace-policy, schedule-deletion, revoke-grants]", "[read]", "somebody has to be able to replace the policy")]
    [InlineData("3f1c0d5be0a34c2f5e9b7a6d8c1e2f40918273645566778899aabbccddeeff00112233445566778899aabbccddeeff01", "9269cc3cb306ae1ba5bcfd3885e987cfc6209a711f13f2aa56bb139b85b612fcb6aaa2de4b65a37106bfb50f4c8b22a4", "have the same measurements")]
    [InlineData("7e57ab1e0d0c0b0a09080706050403020100ffeeddccbbaa99887766554433221100ffeeddccbbaa998877665544332e", "3f1c0d5be0a34c2f5e9b7a6d8c1e2f40918273645566778899aabbccddeeff00112233445566778899aabbccddeeff01", "must never get the key")]
    [InlineData("role/mantle-provisioner", "role/mantle-appliance", "is an administrator and an instance role")]
    [InlineData("never:", "nevr:", "unknown key \"nevr\"")]
    [InlineData("version: 1", "version: 1\nversion: 1", "uplicate")]
    [InlineData("version: 1", "version: &a 1", "anchors and aliases are not used")]
    [InlineData("version: 1", "? &b { b: *b, a: *b } : 1", "anchors and aliases are not used")]
    [InlineData("version: 1", "version: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "nested more than 16 levels")]
    public void A_plan_that_is_not_sound_is_refused(string part, string other, string problem)
    {
        string text = File.ReadAllText(Plans.SampleFile).Replace(part, other, StringComparison.Ordinal);
        UserErrorException refusal = Assert.Throws<UserErrorException>(() => PlanReader.Parse("plan.yaml", text));
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }
}
