using System.Text;
using System.Text.Json.Nodes;
using Mantle.Formats.Bytes;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Measure.Connection;
using Mantle.Measure.Tests.Attestation;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Connection;

public sealed class ConnectTests : IAsyncDisposable
{
    private static readonly Prompt s_prompt = new() { Text = "the secret prompt", MaximumTokens = 7 };
    private readonly TestAppliance _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_right_document_opens_the_way_for_a_prompt_over_the_same_connection()
    {
        ConnectResult result = await ConnectAsync();
        Assert.Equal(Verdict.Holds, result.Attestation.Report.Verdict);
        Assert.Equal(Convert.ToHexStringLower(TestAppliance.KeyDigest(_server.Certificates[0])), result.KeySha256);
        Assert.Equal(CheckOutcome.Pass, result.Attestation.Report.Find("tls-key")!.Outcome);
        Assert.Single(_server.Requests);

        await using VerifiedAppliance appliance = result.Appliance!;
        Assert.Equal("A reply.", await appliance.AskAsync(s_prompt, _ => { }, CancellationToken.None));
        Assert.Equal("A reply.", await appliance.AskAsync(s_prompt with { Model = "other" }, _ => { }, CancellationToken.None));
        Assert.Equal(1, _server.Connections);
        Assert.Equal(["GET /.well-known/attestation", "GET /v1/models HTTP/1.1", "POST /v1/responses HTTP/1.1", "POST /v1/responses HTTP/1.1"], _server.Requests.Select(FirstLine));
        JsonObject sent = JsonNode.Parse(_server.Requests[2].Split("\r\n\r\n")[1])!.AsObject();
        Assert.Equal(("tiny-1", "the secret prompt", 7, false), ((string)sent["model"]!, (string)sent["input"]!, (int)sent["max_output_tokens"]!, (bool)sent["stream"]!));
        Assert.Equal("other", (string)JsonNode.Parse(_server.Requests[3].Split("\r\n\r\n")[1])!["model"]!);
    }

    [Fact]
    public async Task A_stream_is_given_piece_by_piece()
    {
        _server.Completion = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
            + Chunk("event: response.created\ndata: {\"type\":\"response.created\"}\n\nevent: response.output_text.delta\nda")
            + Chunk("ta: {\"type\":\"response.output_text.delta\",\"delta\":\"A \"}\n\n: a comment\n\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"reply.\"}\n\n")
            + Chunk("event: response.completed\ndata: {\"type\":\"response.completed\"}\n\n") + "0\r\n\r\n");
        await using VerifiedAppliance appliance = (await ConnectAsync()).Appliance!;
        List<string> pieces = [];
        Assert.Equal("A reply.", await appliance.AskAsync(s_prompt with { IsStream = true }, pieces.Add, CancellationToken.None));
        Assert.Equal(["A ", "reply."], pieces);
        Assert.Equal("A reply.", await appliance.AskAsync(s_prompt with { IsStream = true }, pieces.Add, CancellationToken.None));
        Assert.Equal(1, _server.Connections);
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { "wrong nonce", "nonce" },
        { "no nonce", "nonce" },
        { "another key", "user-data, tls-key" },
        { "no key", "user-data, tls-key" },
        { "other words", "user-data, tls-key" },
        { "other PCR 4", "pcr-4" },
        { "other PCR 7", "pcr-7" },
        { "credentials in PCR 12", "pcr-12" },
        { "extensions in PCR 13", "pcr-13" },
        { "nothing measured", "pcr.measured, pcr-4" },
        { "old", "freshness" },
        { "of the future", "freshness" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_document_that_is_not_right_opens_nothing(string name, string fails)
    {
        SortedDictionary<int, ReadOnlyMemory<byte>> pcrs = TestDocument.Pcrs(24);
        ulong now = (ulong)NitroPki.Now.ToUnixTimeMilliseconds();
        _server.Change = document => name switch
        {
            "wrong nonce" => document with { Nonce = new byte[32] },
            "no nonce" => document with { Nonce = null },
            "another key" => document with { UserData = TlsBinding.UserData(new byte[32]) },
            "no key" => document with { UserData = null },
            "other words" => document with { UserData = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(TestAppliance.KeyDigest(_server.Certificates[0]))) },
            "other PCR 4" => document with { Pcrs = With(4, new byte[48].Select(_ => (byte)7).ToArray()) },
            "other PCR 7" => document with { Pcrs = With(7, new byte[48].Select(_ => (byte)7).ToArray()) },
            "credentials in PCR 12" => document with { Pcrs = With(12, new byte[48].Select(_ => (byte)7).ToArray()) },
            "extensions in PCR 13" => document with { Pcrs = With(13, new byte[48].Select(_ => (byte)7).ToArray()) },
            "nothing measured" => document with { Pcrs = With(4, new byte[48]) },
            "old" => document with { TimestampMilliseconds = now - 4_000 },
            _ => document with { TimestampMilliseconds = now + 120_000 },
        };
        AttestationPolicy policy = name == "old" ? Policy() with { MaximumAge = TimeSpan.FromSeconds(10) } : Policy();
        ConnectResult result = await ConnectAsync(policy);
        Assert.Equal(fails, Failures(result));
        await AssertNothingSentAsync(result);

        SortedDictionary<int, ReadOnlyMemory<byte>> With(int index, byte[] value)
        {
            pcrs[index] = value;
            return pcrs;
        }
    }

    [Fact]
    public async Task The_same_document_a_second_time_opens_nothing()
    {
        byte[]? first = null;
        _server.Attestation = document => TestAppliance.Http(200, "application/cose", first ??= document);
        await using (VerifiedAppliance? appliance = (await ConnectAsync()).Appliance)
        {
            Assert.NotNull(appliance);
        }

        ConnectResult replayed = await ConnectAsync();
        Assert.Equal("nonce", Failures(replayed));
        Assert.Null(replayed.Appliance);
    }

    [Fact]
    public async Task A_man_in_the_middle_has_the_right_document_and_the_wrong_key()
    {
        // The one in between hands the question on to a sound appliance and its answer back.
        await using TestAppliance sound = new();
        _server.Change = document => document with { UserData = TlsBinding.UserData(TestAppliance.KeyDigest(sound.Certificates[0])) };
        ConnectResult result = await ConnectAsync();
        Assert.Equal("user-data, tls-key", Failures(result));
        Assert.Contains(Convert.ToHexStringLower(TestAppliance.KeyDigest(sound.Certificates[0])), result.Attestation.Report.Find("tls-key")!.Evidence, StringComparison.Ordinal);
        await AssertNothingSentAsync(result);
    }

    [Fact]
    public async Task A_document_of_another_root_opens_nothing()
    {
        _server.Pki = new();
        ConnectResult result = await ConnectAsync();
        Assert.Equal("root", Failures(result));
        await AssertNothingSentAsync(result);
    }

    [Fact]
    public async Task A_document_whose_certificate_has_expired_opens_nothing()
    {
        _server.Pki = new(
            (link, certificate) => (certificate.NotBefore, certificate.NotAfter) = link == 4 ? (NitroPki.Now.AddHours(-3), NitroPki.Now.AddMinutes(-2)) : (certificate.NotBefore, certificate.NotAfter));
        ConnectResult result = await ConnectAsync(Policy() with { Root = TrustedRoot.FromCertificate(_server.Pki.Root) });
        Assert.Contains("path.validity", Failures(result), StringComparison.Ordinal);
        await AssertNothingSentAsync(result);
    }

    [Fact]
    public async Task Without_expected_registers_there_is_no_verdict_and_no_way()
    {
        ConnectResult result = await ConnectAsync(Policy() with { Pcrs = [] });
        Assert.Equal(Verdict.Unverified, result.Attestation.Report.Verdict);
        await AssertNothingSentAsync(result);
    }

    public static TheoryData<int, string> Answers => new()
    {
        { ExitCode.Remote, "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n" },
        { ExitCode.Remote, "HTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n" },
        { ExitCode.Remote, "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n" },
        { ExitCode.Remote, "HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 302 X\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nContent-Length: 2\r\n\r\nhi" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nContent-Length: 0\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nContent-Length: 99999999\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nContent-Length: 99999999999999999999\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nTransfer-Encoding: gzip\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nhi" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n" + new string('a', 20000) },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 100 Continue\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/2 200\r\n\r\n" },
        { ExitCode.Malformed, "SSH-2.0-OpenSSH\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\nContent-Length: 0\n\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\n folded: x\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\nX: " + new string('a', 9000) + "\r\n\r\n" },
        { ExitCode.Malformed, "HTTP/1.1 200 X\r\n" + string.Concat(Enumerable.Repeat("Set-Cookie: a=b\r\n", 70)) + "\r\n" },
        { ExitCode.Environment, "HTTP/1.1 200 X\r\nConnection: close\r\nContent-Type: application/cose\r\nContent-Length: 100\r\n\r\nhi" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Any_other_answer_is_an_error_with_its_code_and_nothing_more_is_sent(int code, string answer)
    {
        _server.Attestation = _ => Encoding.ASCII.GetBytes(answer);
        Exception problem = await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync());
        Assert.Equal(code, problem switch
        {
            UserErrorException error => error.Code,
            MalformedInputException => ExitCode.Malformed,
            IOException => ExitCode.Environment,
            _ => -1,
        });
        Assert.Single(_server.Requests);
        Assert.DoesNotContain(s_prompt.Text, string.Concat(_server.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_is_fed_for_ever_is_cut_off()
    {
        byte[] endless = new byte[40_000];
        _server.Attestation = _ => [.. Encoding.ASCII.GetBytes("HTTP/1.1 200 X\r\nContent-Type: application/cose\r\nTransfer-Encoding: chunked\r\n\r\n9c40\r\n"), .. endless, 13, 10];
        MalformedInputException problem = await Assert.ThrowsAsync<MalformedInputException>(() => ConnectAsync());
        Assert.Contains("more than 16384 bytes", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_connection_has_to_end_at_the_same_key()
    {
        _server.Attestation = document => TestAppliance.Http(200, "application/cose", document, "Connection: close\r\n");
        await using (VerifiedAppliance appliance = (await ConnectAsync()).Appliance!)
        {
            Assert.Equal("A reply.", await appliance.AskAsync(s_prompt, _ => { }, CancellationToken.None));
            Assert.Equal(2, _server.Connections);
        }

        await using TestAppliance other = new() { Attestation = _server.Attestation };
        other.Certificates = [other.Certificates[0], TestAppliance.MakeCertificate()];
        await using VerifiedAppliance changed = (await ConnectAsync(server: other)).Appliance!;
        UserErrorException problem = await Assert.ThrowsAsync<UserErrorException>(() => changed.AskAsync(s_prompt with { Model = "tiny-1" }, _ => { }, CancellationToken.None));
        Assert.Equal(ExitCode.Mismatch, problem.Code);
        Assert.Single(other.Requests);
        Assert.Equal(2, other.Connections);
    }

    [Theory]
    [InlineData(ExitCode.Remote, "HTTP/1.1 503 X\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{\"error\":{\"message\":\"no \\u001bmodel\"}}")]
    [InlineData(ExitCode.Remote, "HTTP/1.1 307 X\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")]
    [InlineData(ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi")]
    [InlineData(ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData(ExitCode.Malformed, "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n")]
    public async Task An_answer_to_the_prompt_that_is_none_is_an_error(int code, string answer)
    {
        _server.Completion = Encoding.ASCII.GetBytes(answer);
        await using VerifiedAppliance appliance = (await ConnectAsync()).Appliance!;
        Exception problem = await Assert.ThrowsAnyAsync<Exception>(() => appliance.AskAsync(s_prompt, _ => { }, CancellationToken.None));
        Assert.Equal(code, problem is UserErrorException error ? error.Code : ExitCode.Malformed);
        Assert.DoesNotContain("\u001b", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_appliance_without_a_model_is_not_sent_the_prompt()
    {
        _server.Models = TestAppliance.Http(200, "application/json", """{"object":"list","data":[]}""");
        await using VerifiedAppliance appliance = (await ConnectAsync()).Appliance!;
        Assert.Equal(ExitCode.Remote, (await Assert.ThrowsAsync<UserErrorException>(() => appliance.AskAsync(s_prompt, _ => { }, CancellationToken.None))).Code);
        Assert.DoesNotContain(s_prompt.Text, string.Concat(_server.Requests), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://192.0.2.7:8443", "192.0.2.7:8443")]
    [InlineData("https://example.org", "example.org:443")]
    [InlineData("https://[2001:db8::1]:8443/", "[2001:db8::1]:8443")]
    [InlineData("http://192.0.2.7:8443", null)]
    [InlineData("https://user@192.0.2.7", null)]
    [InlineData("https://192.0.2.7/path", null)]
    [InlineData("https://192.0.2.7?x", null)]
    [InlineData("192.0.2.7:8443", null)]
    [InlineData("https://", null)]
    [InlineData("file:///etc/passwd", null)]
    public void An_address_is_a_host_and_a_port(string text, string? authority)
    {
        if (authority is not null)
        {
            Assert.Equal(authority, ServerAddress.Parse(text).Authority);
            return;
        }

        Assert.Equal(ExitCode.Usage, Assert.Throws<UserErrorException>(() => ServerAddress.Parse(text)).Code);
    }

    private static AttestationPolicy Policy() => TestDocument.Policy(TestDocument.Pki) with { PublicKey = null, Nonce = null, UserData = null };

    private static string Chunk(string text) => $"{text.Length:x}\r\n{text}\r\n";

    private static string FirstLine(string request) => request[..request.IndexOf("\r\n", StringComparison.Ordinal)].Split('?')[0];

    private static string Failures(ConnectResult result) =>
        string.Join(", ", result.Attestation.Report.Checks.Where(check => check.Outcome == CheckOutcome.Fail).Select(check => check.Id));

    private Task<ConnectResult> ConnectAsync(AttestationPolicy? policy = null, TestAppliance? server = null)
    {
        DateTimeOffset now = policy?.MaximumAge < TimeSpan.FromSeconds(30) ? NitroPki.Now.AddSeconds(20) : NitroPki.Now.AddSeconds(5);
        return ApplianceConnector.ConnectAsync((server ?? _server).Address, policy ?? Policy(), new FixedClock(now), CancellationToken.None);
    }

    private async Task AssertNothingSentAsync(ConnectResult result)
    {
        Assert.Null(result.Appliance);
        await _server.DisposeAsync();
        Assert.Equal("GET /.well-known/attestation", FirstLine(Assert.Single(_server.Requests)));
    }
}
