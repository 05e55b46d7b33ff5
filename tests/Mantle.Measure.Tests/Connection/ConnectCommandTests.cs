using System.Text.Json.Nodes;
using Mantle.Measure.Tests.Attestation;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Connection;

/// <summary>The published executable, as a script uses it, at the time that it is.</summary>
public sealed class ConnectCommandTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAppliance _server = new();
    private readonly string[] _sound;

    public ConnectCommandTests()
    {
        File.WriteAllText(_folder["root.pem"], _server.BeOfNow());
        _sound =
        [
            "connect", $"https://{_server.Address.Authority}", "--root", _folder["root.pem"], "--pcr", $"4={Hex(4)}", "--pcr", $"7={Hex(7)}", "--pcr", "12=0", "--pcr", "13=0",
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void A_sound_appliance_is_verified_and_then_answers()
    {
        (int exitCode, string output, string error) = Measure([.. _sound, "--prompt", "the secret prompt", "--save", _folder["doc"]]);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains($"{_server.Address.Authority}: verified\n", output, StringComparison.Ordinal);
        Assert.EndsWith("\n\nA reply.\n", output, StringComparison.Ordinal);
        Assert.Contains("the secret prompt", _server.Requests[^1], StringComparison.Ordinal);

        (exitCode, output, _) = Measure(["attest", "verify", _folder["doc"], .. _sound[2..]]);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public void The_json_is_as_its_schema_says()
    {
        (int exitCode, string output, _) = Measure([.. _sound, "--prompt", "x", "--json"]);
        Assert.Equal(0, exitCode);
        JsonObject json = JsonNode.Parse(output)!.AsObject();
        Assert.Equal("A reply.", (string)json["answer"]!);
        PublishedSchemaTests.AssertDescribed(
            "connect.schema.json", json, ["version", "address", "keySha256", "verdict", "notes", "checks", "root", "document", "promptSent", "answer"]);
    }

    [Fact]
    public void Whatever_is_wrong_has_its_exit_code_and_sends_no_prompt()
    {
        string[] asking = [.. _sound, "--prompt", "the secret prompt"];
        Assert.Equal(2, Measure([.. asking.Select(word => word == "13=0" ? $"13={Hex(4)}" : word)]).ExitCode);
        Assert.Equal(7, Measure([.. _sound[..^2], "--prompt", "the secret prompt"]).ExitCode);
        Assert.Equal(2, Measure([.. asking.Where((_, i) => i is not (2 or 3))]).ExitCode); // AWS's root
        Assert.Equal(1, Measure(["connect", "http://127.0.0.1:1"]).ExitCode);
        Assert.Equal(1, Measure([.. _sound, "--stream"]).ExitCode);
        Assert.Equal(1, Measure([.. _sound, "--prompt", " "]).ExitCode);
        Assert.Equal(1, Measure([.. _sound, "--policy", "x"]).ExitCode);
        Assert.Equal(4, Measure(["connect", "https://127.0.0.1:1", "--against", _folder["absent"]]).ExitCode);
        Assert.Equal(4, Measure(["connect", "https://127.0.0.1:1"]).ExitCode);
        _server.Attestation = _ => TestAppliance.Http(503, "application/json", "{}");
        Assert.Equal(5, Measure(asking).ExitCode);
        _server.Attestation = _ => TestAppliance.Http(200, "application/cose", "no document");
        Assert.Equal(3, Measure(asking).ExitCode);
        Assert.All(_server.Requests, request => Assert.StartsWith("GET /.well-known/attestation?nonce=", request, StringComparison.Ordinal));
    }

    private static string Hex(int index) => Convert.ToHexString(TestDocument.Value(index));

    private static (int ExitCode, string Output, string Error) Measure(IEnumerable<string> arguments) => Oracle.Run(BuildOutput.Require("dist", "measure"), arguments);
}
