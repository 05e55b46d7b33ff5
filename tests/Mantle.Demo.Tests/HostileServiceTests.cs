using System.Text;
using Mantle.Formats.Cose;
using Mantle.Testing;

namespace Mantle.Demo.Tests;

/// <summary>Arbitrary code as the service's user, in an appliance that has been given its key, its secret and its weights.</summary>
public sealed class HostileServiceTests(HostileRun run) : IClassFixture<HostileRun>
{
    private const string Allowed = "allowed";

    [Fact]
    public void What_a_service_may_do_succeeds_so_that_a_refusal_is_one()
    {
        Try[] allowed = [.. Tries().Where(each => each.Target == Allowed)];
        Assert.True(allowed.Length >= 10, Report());
        Assert.All(allowed, each => Assert.True(each.Succeeded, each.ToString()));
    }

    [Fact]
    public void Everything_else_is_refused()
    {
        Try[] attempts = [.. Tries().Where(each => each.Target != Allowed)];
        Assert.True(attempts.Length >= 100, Report());
        Assert.Equal(attempts.Length, attempts.Select(each => each.Name).Distinct().Count());
        string[] holes = [.. attempts.Where(each => each.Succeeded).Select(each => each.ToString())];
        Assert.True(holes.Length == 0, string.Join('\n', holes));
        Assert.Empty(run.Result.Outcome.Serial.AsSpan(run.Result.Outcome.Serial.Length - run.Result.Outcome.SerialAfterFirmware).ToArray());
        Assert.Null(run.Result.Outcome.ShutdownReason);
    }

    [Fact]
    public void The_documentation_lists_what_was_tried_and_what_the_answer_was()
    {
        string page = File.ReadAllText(Repository.PathOf("docs", "hostile-service.md"));
        string[] expected = [.. Tries().Where(each => each.Target != Allowed).Select(each => $"| {each.Target} | {each.Name} | {each.Answer} |")];
        string[] listed = [.. page.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1)];
        Assert.True(expected.SequenceEqual(listed), $"docs/hostile-service.md should list:\n{string.Join('\n', expected)}");
    }

    [Fact]
    public void A_secret_file_is_the_services_alone()
    {
        // 1000 is the service's user and group in the sample.
        Assert.Equal([$"secret {HostileRun.Secret} 400 1000 1000 {run.Result.SecretDigest}"], run.Result.Report.Where(line => line.StartsWith("secret ", StringComparison.Ordinal)));
        Assert.Equal("00", run.Result.Outcome.StageCodes[^1]);
    }

    [Fact]
    public void Its_attestation_document_is_none_that_a_key_would_be_encrypted_to()
    {
        string[] words = run.Result.Report.Single(line => line.StartsWith("document ", StringComparison.Ordinal)).Split(' ');
        Assert.Equal("0", words[1]);
        AttestationDocument document = SignedAttestationDocument.Read(Convert.FromBase64String(words[2])).UnverifiedContent;
        Assert.Null(document.PublicKey);
        Assert.Equal("mine"u8.ToArray(), document.Nonce!.Value.ToArray());
        Assert.Equal($"mantle.tls-spki-sha256.v1:{new string('0', 64)}", Encoding.ASCII.GetString(document.UserData!.Value.Span));
    }

    [Fact]
    public void Nobody_but_the_attestor_asked_the_metadata_service_or_kms()
    {
        // One attempt of unsealing: a token, the role's name, its credentials, the region or document; a key for the secret and one for the weights.
        Assert.All(run.Result.Outcome.KeyServiceCalls, call => Assert.True(call.IsAttested && call.Error is null, $"{call.Operation} {call.Error}"));
        Assert.Equal(2, run.Result.Outcome.KeyServiceCalls.Count);
        Assert.Single(run.Result.MetadataCalls, call => call.Contains("token", StringComparison.Ordinal));
    }

    private string Report() => string.Join('\n', run.Result.Report);

    private Try[] Tries() => [.. run.Result.Report.Where(line => line.StartsWith("tried ", StringComparison.Ordinal)).Select(Try.Parse)];

    private sealed record Try(string Target, string Name, bool Succeeded, string Answer)
    {
        private const string Refused = "refused ", Success = "SUCCEEDED ";

        public static Try Parse(string line)
        {
            string[] parts = line["tried ".Length..].Split('|');
            Assert.Equal(3, parts.Length);
            Assert.True(parts[2].StartsWith(Refused, StringComparison.Ordinal) || parts[2].StartsWith(Success, StringComparison.Ordinal), line);
            bool succeeded = parts[2].StartsWith(Success, StringComparison.Ordinal);
            return new(parts[0], parts[1], succeeded, parts[2][(succeeded ? Success : Refused).Length..]);
        }
    }
}
