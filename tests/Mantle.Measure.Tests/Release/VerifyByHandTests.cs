using System.Text;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Release;

/// <summary>The commands that docs/verify-by-hand.md shows for a release, as they stand there, in a shell.</summary>
public sealed class VerifyByHandTests : IDisposable
{
    private static readonly string[] s_tools = ["jq", "openssl", "sha256sum", "mcopy", "sbverify", "base64"];

    private readonly TemporaryFolder _release = new();
    private readonly TemporaryFolder _work = new();
    private readonly TestRelease _made = (TestRelease.Sound() with { Signers = [TestRelease.AliceSecond, TestRelease.Alice, TestRelease.Bob, TestRelease.Dan, TestRelease.Erin] })
        .WithFile("identity/db.pem", Encoding.ASCII.GetBytes(TestRelease.Db.Certificate.ExportCertificatePem() + "\n")).Restated();

    public VerifyByHandTests()
    {
        Array.ForEach(s_tools, tool => Oracle.Require(tool));
        _made.Write(_release);
        DsseEnvelope envelope = DsseEnvelope.Read(File.ReadAllBytes(_release[ReleaseFiles.Envelope]));
        ReleaseLedger ledger = TestRelease.Logged(envelope, _made.Statement);
        File.WriteAllBytes(_work["ledger"], ledger.ToArray());
        File.WriteAllBytes(_work["ledger.checkpoint"], ledger.Checkpoint!.Note.ToArray());
        File.WriteAllText(_work["ledger.pem"], TestRelease.LedgerSigner.PublicPem);
    }

    public void Dispose()
    {
        _release.Dispose();
        _work.Dispose();
    }

    [Fact]
    public void Every_signer_verifies_by_the_documented_commands()
    {
        foreach (TestSigner signer in _made.Signers)
        {
            (int exitCode, string output, string error) = Run(signer);
            Assert.True(exitCode == 0, $"{signer.Scheme.Name()}: {output}{error}");
            Assert.Contains("image.raw: OK", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_documented_commands_notice_what_is_wrong()
    {
        Assert.NotEqual(0, Run(TestRelease.Mallory).ExitCode);
        File.AppendAllText(_release[ReleaseFiles.Sbom], " ");
        Assert.NotEqual(0, Run(TestRelease.Bob).ExitCode);
        File.WriteAllBytes(_release[ReleaseFiles.Sbom], _made.Files[ReleaseFiles.Sbom]);
        Assert.Equal(0, Run(TestRelease.Bob).ExitCode);
        File.WriteAllText(_work["ledger"], File.ReadAllText(_work["ledger"]).Replace("\"1.2.0\"", "\"1.2.1\"", StringComparison.Ordinal));
        Assert.NotEqual(0, Run(TestRelease.Bob).ExitCode);
    }

    private (int ExitCode, string Output, string Error) Run(TestSigner signer)
    {
        File.WriteAllText(_work["key.pem"], signer.PublicPem);
        string settings = $"set -e -u -o pipefail\nRELEASE={_release.Root} WORK={_work.Root} KEY={_work["key.pem"]} SCHEME={signer.Scheme.Name()} LEDGER={_work["ledger"]} LEDGER_KEY={_work["ledger.pem"]}\n";
        string script = settings + string.Join('\n', Blocks());
        return Oracle.Run("bash", ["-c", script]);
    }

    /// <summary>The blocks of the section about a release.</summary>
    private static string[] Blocks()
    {
        string section = File.ReadAllText(Repository.PathOf("docs", "verify-by-hand.md")).Split("\n## A release\n")[1].Split("\n## ")[0];
        string[] blocks = [.. section.Split("```sh\n").Skip(1).Select(block => block.Split("```")[0])];
        Assert.Equal(4, blocks.Length);
        return blocks;
    }
}
