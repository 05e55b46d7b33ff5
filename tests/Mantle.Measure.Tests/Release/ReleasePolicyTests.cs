using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Policy;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Release;

public sealed class ReleasePolicyTests
{
    [Fact]
    public void The_policy_of_the_repository_asks_for_two_of_three_and_one_of_two()
    {
        ReleasePolicy policy = ReleasePolicyReader.Read(Repository.PathOf("policies", "release.yaml"));
        Assert.Equal([("release manager", 2, 3), ("security reviewer", 1, 2)], policy.Roles.Select(role => (role.Name, role.Threshold, role.People.Count)));
        Assert.Equal(5, policy.Roles.SelectMany(role => role.People).SelectMany(person => person.Keys).Select(key => key.Key.KeyId).Distinct().Count());
    }

    [Fact]
    public void A_policy_is_read_as_it_is_meant()
    {
        ReleasePolicy policy = Parse(TestRelease.Policy($"ledger: {TestRelease.LedgerKey}"));
        Assert.Equal(TimeSpan.FromDays(90), policy.MaximumAge);
        Assert.Equal(TestRelease.LedgerKey.Id, policy.Ledger!.Id);
        ReleaseKey key = policy.Roles[0].People[0].Keys[0];
        Assert.Equal((TestRelease.Alice.Key.KeyId, SignatureScheme.RsaPssSha256), (key.Key.KeyId, key.Scheme));
        Assert.Null(key.Problem(new(2027, 12, 31, 23, 59, 59, TimeSpan.Zero)));
        Assert.NotNull(key.Problem(new(2028, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        Assert.Null(key.Problem(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        Assert.NotNull(key.Problem(new(2025, 12, 31, 23, 59, 59, TimeSpan.Zero)));
    }

    [Theory]
    [InlineData("threshold: 2", "threshold: 4", "nobody could ever meet it")]
    [InlineData("threshold: 2", "threshold: 0", "whole number from 1")]
    [InlineData("person: bob", "person: alice", "counts once")]
    [InlineData("person: bob", "person: ALICE", "counts once")]
    [InlineData("person: dan", "person: alice", "one role")]
    [InlineData("role: security reviewer", "role: release manager", "stands twice")]
    [InlineData("maximum-age: 90d", "maximum-age: 90", "days such as")]
    [InlineData("maximum-age: 90d\n", "", "needs the key \"maximum-age\"")]
    [InlineData("scheme: ecdsa-p256-sha256", "scheme: ecdsa-p256-sha1", "one of")]
    [InlineData("scheme: ecdsa-p256-sha256", "scheme: ed25519", "one of")]
    [InlineData("until: 2027-12-31", "until: 2025-12-31", "expire before")]
    [InlineData("until: 2027-12-31", "until: never", "a date")]
    [InlineData("name: tiny", "name: tiny\nskip: [audit]", "unknown key \"skip\"")]
    [InlineData("name: tiny", "name: &anchor tiny", "anchors and aliases")]
    [InlineData("name: tiny", "name: tiny\nname: other", "duplicate key")]
    [InlineData("name: tiny", "name: tiny\n\"name\": other", "duplicate key")]
    [InlineData("name: tiny", "name: tiny\n!!str name: other", "plain text")]
    [InlineData("name: tiny", "name: tiny\n<<: {minimum-number: 1}", "unknown key \"<<\"")]
    [InlineData("name: tiny", "name: tiny\n? [name]\n: other", "plain text")]
    [InlineData("name: tiny", "name: [tiny]", "plain text")]
    [InlineData("name: tiny", "name: ../tiny", "1 to 64 letters")]
    [InlineData("threshold: 2", "threshold: 2\n    threshold: 1", "duplicate key")]
    [InlineData("threshold: 2", "threshold: !!int 2", "plain text")]
    [InlineData("threshold: 2", "threshold: 2\n    optional: true", "unknown key \"optional\"")]
    [InlineData("threshold: 2", "threshold: 4294967297", "whole number from 1 to 100")]
    [InlineData("person: bob", "person: bob\n        weight: 2", "unknown key \"weight\"")]
    [InlineData("person: bob", "person: \"al\\u0069ce\"", "counts once")]
    [InlineData("person: bob", "person: \" alice\"", "up to 64 characters")]
    [InlineData("person: bob", "person: \"alice\\u200b\"", "up to 64 characters")]
    [InlineData("person: bob", "person: \"alice\\n\"", "up to 64 characters")]
    [InlineData("scheme: ecdsa-p256-sha256", "scheme: ecdsa-p256-sha256\n            trusted: yes", "unknown key \"trusted\"")]
    [InlineData("until: 2027-12-31", "until: 2027-02-30", "a date")]
    [InlineData("until: 2027-12-31", "until: 2027-12-31T00:00:00Z", "a date")]
    [InlineData("minimum-number: 5", "minimum-number: 9223372036854775808", "whole number")]
    [InlineData("minimum-number: 5", "minimum-number: 0x5", "whole number")]
    [InlineData("minimum-number: 5", "minimum-number: -5", "whole number")]
    [InlineData("minimum-number: 5", "minimum-number: 5.0", "whole number")]
    [InlineData("maximum-age: 90d", "maximum-age: 4294967386d", "days such as")]
    [InlineData("maximum-age: 90d", "maximum-age: 99999d", "days such as")]
    [InlineData("format: 1", "format: 2", "whole number from 1 to 1")]
    [InlineData("BEGIN PUBLIC KEY", "BEGIN RSA PUBLIC KEY", "PEM")]
    public void What_is_not_right_is_refused_with_its_place(string from, string to, string reason)
    {
        string text = TestRelease.Policy();
        string changed = text.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(text, changed);
        string message = Assert.Throws<UserErrorException>(() => Parse(changed)).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.StartsWith("release.yaml:", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_two_people_is_refused() => Assert.Contains(
        "one key is one person's",
        Assert.Throws<UserErrorException>(() => Parse(TestRelease.Policy().Replace(Body(TestRelease.Erin), Body(TestRelease.Alice), StringComparison.Ordinal)
            .Replace("scheme: rsa-pkcs1-sha256", "scheme: rsa-pss-sha256", StringComparison.Ordinal))).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("deny: [{reason: withdrawn by mistake}]", "says what is denied")]
    [InlineData("deny: [{reason: withdrawn by mistake, number: 7, image: aa}]", "SHA-256")]
    [InlineData("deny: [{reason: no, number: 7}]", "ten characters")]
    [InlineData("debug-twins: [absent.json]", "does not exist")]
    [InlineData("ledger: x", "NAME+KEYID+BASE64")]
    [InlineData("ledger-checkpoint: kept", "does not exist")]
    [InlineData("deny: [{reason: withdrawn by mistake, number: 7, name: tiny}]", "unknown key")]
    [InlineData("deny: [{reason: withdrawn by mistake, number: 7, number: 8}]", "duplicate key")]
    [InlineData("waivers: [{rule: SSH-001, any: true}]", "unknown key")]
    [InlineData("---\nformat: 1", "one YAML document")]
    [InlineData("identities: [abc]", "SHA-256")]
    [InlineData("roles: []", "duplicate key")]
    public void What_is_added_wrongly_is_refused(string more, string reason) =>
        Assert.Contains(reason, Assert.Throws<UserErrorException>(() => Parse(TestRelease.Policy(more))).Message, StringComparison.Ordinal);

    private static string Body(TestSigner signer) => string.Join('\n', signer.PublicPem.TrimEnd().Split('\n').Select(line => $"              {line}"));

    private static ReleasePolicy Parse(string text) => ReleasePolicyReader.Parse("release.yaml", text, _ => null);
}
