using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mantle.Cli.Tests;

/// <summary>What two people have signed is verified, logged and revoked, with the real executables.</summary>
public sealed class LedgerTests(SigningFixture signing) : IClassFixture<SigningFixture>
{
    [Fact]
    public void A_release_goes_from_signing_to_being_revoked()
    {
        string release = signing.CopyRelease("logged");
        signing.Succeed("sign", release, "--key", "manager.key");
        WritePolicy("");
        ToolResult oneRole = Verify(release);
        Assert.Equal(2, oneRole.ExitCode);
        Assert.Matches(@"(?m)^FAIL +role\.reviewer +signed by nobody; 1 of 1 have to", oneRole.Output);
        signing.Succeed("sign", release, "--key", "reviewer.key");
        ToolResult verified = Verify(release);
        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
        Assert.EndsWith("tiny 1.0.0: verified\n", verified.Output, StringComparison.Ordinal);
        using (JsonDocument json = JsonDocument.Parse(Verify(release, "--json").Output))
        {
            Assert.Equal(["version", "name", "release", "statement", "verdict", "notes", "checks"], json.RootElement.EnumerateObject().Select(member => member.Name));
            Assert.Equal("holds", json.RootElement.GetProperty("verdict").GetString());
        }

        // Into the ledger, whose key then stands in the policy.
        ToolResult appended = Append("--release", release, "--policy", "policy.yaml", "--time", "2026-11-24", "--origin", "ledger.example/tiny");
        Assert.Equal((0, ""), (appended.ExitCode, appended.Error));
        string key = Regex.Match(appended.Output, @"(?m)^key (\S+)$").Groups[1].Value;
        WritePolicy($"ledger: {key}");
        Assert.Equal(7, Verify(release).ExitCode);
        Assert.Equal(0, Verify(release, "--ledger", "log/releases.jsonl").ExitCode);
        Refused(2, "released already", Append("--release", release, "--policy", "policy.yaml", "--time", "2026-11-25"));
        Refused(2, "no release of number 9", Append("--retire", "9", "--reason", "nobody uses it", "--time", "2026-11-25"));
        Assert.Equal(0, Ledger("check", "log/releases.jsonl", "--policy", "policy.yaml").ExitCode);
        Assert.Equal(7, Ledger("check", "log/releases.jsonl").ExitCode);

        // A customer keeps the checkpoint, the entry and the proof.
        File.Copy(signing.PathOf("log", "releases.jsonl.checkpoint"), signing.PathOf("kept"));
        File.Copy(signing.PathOf("log", "releases.jsonl"), signing.PathOf("entry.json"));
        File.WriteAllText(signing.PathOf("proof"), Ledger("show", "log/releases.jsonl", "--proof", "0").Output);
        Assert.Equal(0, Ledger("check", "proof", "--entry", "entry.json", "--key", key).ExitCode);

        Assert.Equal(0, Append("--revoke", "3", "--reason", "CVE-2026-0001 in the kernel", "--time", "2026-11-26").ExitCode);
        ToolResult revoked = Verify(release, "--ledger", "log/releases.jsonl");
        Assert.Equal(2, revoked.ExitCode);
        Assert.Contains("revoked on 2026-11-26T00:00:00Z: CVE-2026-0001 in the kernel", revoked.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^1 +2026-11-26T00:00:00Z  revoked   tiny 1\.0\.0, number 3", Ledger("show", "log/releases.jsonl").Output);
        Assert.Equal(0, Ledger("check", "log/releases.jsonl", "--policy", "policy.yaml", "--old", "kept").ExitCode);

        // Somebody puts the copy of before the revocation back, with its own checkpoint, which is as good as it ever was; unless the policy has a newer one.
        File.Copy(signing.PathOf("log", "releases.jsonl.checkpoint"), signing.PathOf("newest"));
        Directory.CreateDirectory(signing.PathOf("rolled"));
        File.Copy(signing.PathOf("entry.json"), signing.PathOf("rolled", "releases.jsonl"));
        File.Copy(signing.PathOf("kept"), signing.PathOf("rolled", "releases.jsonl.checkpoint"));
        Assert.Equal(0, Verify(release, "--ledger", "rolled/releases.jsonl").ExitCode);
        WritePolicy($"ledger: {key}\nledger-checkpoint: newest");
        Assert.Equal(0, Ledger("check", "log/releases.jsonl", "--policy", "policy.yaml").ExitCode);
        Assert.Matches("(?m)^PASS +ledger.kept", Verify(release, "--ledger", "log/releases.jsonl").Output);
        Assert.Matches("(?m)^FAIL +ledger.kept +it covers 2 entries, the text has 1: entries were removed", Verify(release, "--ledger", "rolled/releases.jsonl").Output);
        Assert.Equal(2, Ledger("check", "rolled/releases.jsonl", "--policy", "policy.yaml").ExitCode);
        Refused(2, "is not the ledger that the policy's checkpoint is of", Ledger(
            "append", "rolled/releases.jsonl", "--key", "steady.key", "--policy", "policy.yaml", "--retire", "3", "--reason", "nobody uses it", "--time", "2026-11-27"));
        WritePolicy($"ledger: {key}");

        // The maker takes the revocation back, checkpoint and all; then writes another history. Who kept a checkpoint notices the second.
        byte[] whole = File.ReadAllBytes(signing.PathOf("log", "releases.jsonl"));
        File.Copy(signing.PathOf("entry.json"), signing.PathOf("log", "releases.jsonl"), overwrite: true);
        ToolResult cut = Ledger("check", "log/releases.jsonl", "--policy", "policy.yaml");
        Assert.Equal(2, cut.ExitCode);
        Assert.Contains("entries were removed", cut.Output, StringComparison.Ordinal);
        Refused(2, "is not what ledger.example/tiny's key has signed", Append("--retire", "3", "--reason", "nobody uses it", "--time", "2026-11-27"));
        File.WriteAllBytes(signing.PathOf("log", "releases.jsonl"), whole);
        Directory.Delete(signing.PathOf("log"), recursive: true);
        WritePolicy("");
        Assert.Equal(0, Append("--release", release, "--policy", "policy.yaml", "--time", "2026-11-25", "--origin", "ledger.example/tiny").ExitCode);
        ToolResult fork = Ledger("check", "log/releases.jsonl", "--key", key, "--old", "kept");
        Assert.Equal(2, fork.ExitCode);
        Assert.Contains("the ledger was forked", fork.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_logged_that_is_not_verified()
    {
        string release = signing.CopyRelease("unsigned");
        WritePolicy("");
        Refused(2, "role.manager, role.reviewer", Tool.Run(
            signing.Root, "imagebuilder", "ledger", "append", "other/releases.jsonl", "--release", release, "--policy", "policy.yaml", "--time", "2026-11-24", "--key", "steady.key", "--origin", "x"));
        Assert.False(Directory.Exists(signing.PathOf("other")));
    }

    [Fact]
    public void Verify_asks_for_a_policy_or_for_claims()
    {
        Refused(1, "one of --policy and --against", Tool.Run(signing.Root, "measure", "verify", "release"));
        Refused(1, "one of --policy and --against", Tool.Run(signing.Root, "measure", "verify", "release", "--policy", "policy.yaml", "--against", "out"));
        Refused(1, "--at and --ledger are for releases", Tool.Run(signing.Root, "measure", "verify", "out/image.raw", "--against", "out", "--at", "2026-11-24"));
        Assert.Equal(0, Tool.Run(signing.Root, "measure", "verify", "out/image.raw", "--against", "out").ExitCode);
    }

    private ToolResult Verify(string release, params IEnumerable<string> more) => Tool.Run(signing.Root, "measure", ["verify", release, "--policy", "policy.yaml", "--at", "2026-12-01", .. more]);

    private ToolResult Ledger(params IEnumerable<string> arguments) => Tool.Run(signing.Root, "imagebuilder", ["ledger", .. arguments]);

    private ToolResult Append(params IEnumerable<string> arguments) => Ledger(["append", "log/releases.jsonl", "--key", "steady.key", .. arguments]);

    private static void Refused(int exitCode, string reason, ToolResult result)
    {
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }

    private void WritePolicy(string more) => File.WriteAllText(signing.PathOf("policy.yaml"), $"""
        format: 1
        name: tiny
        minimum-number: 1
        maximum-age: 90d
        roles:
          - role: manager
            threshold: 1
            people: [{Person("manager")}]
          - role: reviewer
            threshold: 1
            people: [{Person("reviewer")}]
        {more}

        """);

    private string Person(string name) =>
        $"{{person: {name}, keys: [{{from: 2026-11-01, until: 2027-11-01, key: \"{File.ReadAllText(signing.PathOf(name + ".pub")).Replace("\n", "\\n", StringComparison.Ordinal)}\"}}]}}";
}
