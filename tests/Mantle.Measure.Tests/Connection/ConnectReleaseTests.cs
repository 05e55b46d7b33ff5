using Mantle.Formats.Tpm;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Tests.Release;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Connection;

/// <summary>The published executable and an appliance that has to be a signed release: <c>measure connect --against DIR --policy FILE --ledger FILE</c>.</summary>
public sealed class ConnectReleaseTests : IAsyncDisposable
{
    private static readonly TestRelease s_release = TestRelease.Sound().Stating(statement => statement with { Expires = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero) });
    private static readonly DsseEnvelope s_envelope = s_release.Envelope();

    private readonly TemporaryFolder _folder = new();
    private readonly TestAppliance _server = new();
    private readonly string[] _asking;

    public ConnectReleaseTests()
    {
        File.WriteAllText(_folder["root.pem"], _server.BeOfNow());
        Measures(s_release.Statement.WithSecureBoot);
        Directory.CreateDirectory(_folder["release"]);
        using (TemporaryFolder made = new())
        {
            (s_release with { Resign = _ => s_envelope }).Write(made);
            Oracle.Succeed("cp", "-a", $"{made.Root}/.", _folder["release"]);
        }

        // The executable's time is now, whenever that is.
        string policy = TestRelease.Policy($"ledger: {TestRelease.LedgerKey}").Replace("until: 2027-12-31", "until: 2099-12-31", StringComparison.Ordinal)
            .Replace("maximum-age: 90d", "maximum-age: 3650d", StringComparison.Ordinal);
        File.WriteAllText(_folder["policy.yaml"], policy);
        Log(TestRelease.Logged(s_envelope, s_release.Statement));
        _asking =
        [
            "connect", $"https://{_server.Address.Authority}", "--root", _folder["root.pem"], "--against", _folder["release"], "--policy", _folder["policy.yaml"],
            "--ledger", _folder["ledger.jsonl"], "--prompt", "the secret prompt",
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void A_prompt_goes_to_the_release_that_was_verified_and_to_no_other_image()
    {
        (int exitCode, string output, string error) = Measure(_asking);
        Assert.True((exitCode, error) == (0, ""), output + error);
        Assert.Contains($"{_server.Address.Authority}: verified\n", output, StringComparison.Ordinal);
        Assert.Contains("release.role.release manager", output, StringComparison.Ordinal);
        Assert.Contains("release.ledger.included", output, StringComparison.Ordinal);
        Assert.EndsWith("\n\nA reply.\n", output, StringComparison.Ordinal);
        Assert.Contains("the secret prompt", _server.Requests[^1], StringComparison.Ordinal);
        int requests = _server.Requests.Count;

        // The same release without Secure Boot is another state, which has to be asked for.
        Measures(s_release.Statement.WithoutSecureBoot);
        (exitCode, output, _) = Measure(_asking);
        Assert.Equal(2, exitCode);
        Assert.Contains("pcr-7", output, StringComparison.Ordinal);
        Assert.Equal(requests + 1, _server.Requests.Count);
        Assert.Equal(0, Measure([.. _asking, "--secure-boot", "off"]).ExitCode);

        requests = _server.Requests.Count;
        Measures(s_release.Statement.WithSecureBoot, other: 4);
        (exitCode, output, _) = Measure(_asking);
        Assert.Equal(2, exitCode);
        Assert.Contains("pcr-4", output, StringComparison.Ordinal);
        Assert.Equal(requests + 1, _server.Requests.Count);
    }

    [Fact]
    public void Nobody_is_connected_to_for_a_release_that_does_not_verify()
    {
        LedgerEntry entry = TestRelease.Entry(s_envelope, s_release.Statement);
        Log(TestRelease.Logged(s_envelope, s_release.Statement, entry with
        {
            Event = LedgerEvent.Revoked, Time = entry.Time.AddDays(1), Reason = "withdrawn for a test", Image = null, Envelope = null, MinimumNumber = null, WithoutSecureBoot = null, WithSecureBoot = null,
        }));
        AssertRefused("ledger.state", "revoked on");
        Log(TestRelease.Checkpointed(ReleaseLedger.Empty.Append(entry with { Statement = new string('a', 64) })));
        AssertRefused("ledger.included", "no entry");
        File.Delete(_folder["ledger.jsonl" + ".checkpoint"]);
        AssertRefused("ledger.checkpoint", "no checkpoint");
        Log(TestRelease.Logged(s_envelope, s_release.Statement));

        string envelope = _folder[$"release/{ReleaseFiles.Envelope}"];
        byte[] whole = File.ReadAllBytes(envelope);
        File.WriteAllBytes(envelope, (s_release with { Signers = [TestRelease.Alice, TestRelease.Dan] }).Envelope().ToArray());
        AssertRefused("role.release manager", "signed by alice; 2 of 3 have to");
        File.WriteAllBytes(envelope, whole);
        File.AppendAllText(_folder[$"release/{ReleaseFiles.Sbom}"], " ");
        AssertRefused("file.sbom.spdx.json", "");
        Assert.Equal(0, _server.Connections);
    }

    [Fact]
    public void A_release_is_verified_by_a_policy_or_not_at_all()
    {
        string[] Without(string option) => [.. _asking.Where((_, i) => _asking[i] != option && (i == 0 || _asking[i - 1] != option))];
        Assert.Equal(1, Measure(Without("--policy")).ExitCode); // a ledger without a policy
        Assert.Equal(1, Measure(Without("--against")).ExitCode);
        Assert.Equal(1, Measure([.. _asking, "--pcr", "12=0"]).ExitCode);
        Assert.Equal(4, Measure([.. _asking.Select(word => word == _folder["ledger.jsonl"] ? _folder["absent"] : word)]).ExitCode);
        Assert.Equal(0, _server.Connections);
    }

    private void AssertRefused(string check, string why)
    {
        (int exitCode, string output, string error) = Measure(_asking);
        Assert.True(exitCode == 2, output + error);
        string[] line = [.. output.Split('\n').Where(line => line.Contains("FAIL", StringComparison.OrdinalIgnoreCase) && line.Contains(check, StringComparison.Ordinal))];
        Assert.True(line.Length > 0 && line[0].Contains(why, StringComparison.Ordinal), output);
        Assert.DoesNotContain("prompt sent", output, StringComparison.Ordinal);
    }

    /// <summary>The appliance shows the registers of a release, but for one that is another.</summary>
    private void Measures(ReleaseMeasurements measurements, int? other = null) => _server.Change = document =>
    {
        SortedDictionary<int, ReadOnlyMemory<byte>> pcrs = new(document.Pcrs.ToDictionary());
        foreach ((int index, TpmDigest value) in measurements.Banks[TpmAlgorithm.Sha384])
        {
            pcrs[index] = index == other ? new byte[48].Select(_ => (byte)7).ToArray() : Convert.FromHexString(value.ToString());
        }

        return TestAppliance.OfNow(document) with { Pcrs = pcrs };
    };

    private void Log(ReleaseLedger ledger)
    {
        File.WriteAllBytes(_folder["ledger.jsonl"], ledger.ToArray());
        File.WriteAllBytes(_folder["ledger.jsonl.checkpoint"], TestRelease.CheckpointOf(ledger));
    }

    private static (int ExitCode, string Output, string Error) Measure(IEnumerable<string> arguments) => Oracle.Run(BuildOutput.Require("dist", "measure"), arguments);
}
