using System.Net;
using System.Text.Json;

namespace Mantle.Service.Tests;

public sealed class ServiceTests : IDisposable
{
    private readonly FakeTpm tpm = new("sha256", "sha384");
    private readonly RunningService service;

    public ServiceTests() => service = RunningService.Start(tpm.Root);

    public void Dispose()
    {
        service.Dispose();
        tpm.Dispose();
    }

    [Fact]
    public async Task Healthz_says_ok()
    {
        using HttpResponseMessage answer = await service.Client.GetAsync("/healthz");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("""{"status":"ok"}""", await answer.Content.ReadAsStringAsync());
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Empty(answer.Headers.Server);
    }

    [Fact]
    public async Task Measurements_are_the_registers_of_every_bank()
    {
        string json = await service.Client.GetStringAsync("/v1/measurements");
        string expected = string.Join(',', new[] { "sha256", "sha384" }.Select(bank =>
            $"\"{bank}\":{{{string.Join(',', Enumerable.Range(0, 24).Select(pcr => $"\"{pcr}\":\"{Convert.ToHexStringLower(FakeTpm.Digest(bank, pcr))}\""))}}}"));
        Assert.Equal($"{{\"version\":1,\"banks\":{{{expected}}}}}", json);
    }

    [Fact]
    public async Task Measurements_are_read_at_each_request()
    {
        await service.Client.GetStringAsync("/v1/measurements");
        string extended = new('A', 64);
        tpm.Write("sha256", 23, extended + "\n");
        using JsonDocument json = JsonDocument.Parse(await service.Client.GetStringAsync("/v1/measurements"));
        Assert.Equal(new string('a', 64), json.RootElement.GetProperty("banks").GetProperty("sha256").GetProperty("23").GetString());
    }

    [Fact]
    public async Task Measurements_without_a_readable_TPM_are_unavailable_and_come_back_with_it()
    {
        tpm.Write("sha256", 4, "nonsense\n");
        using HttpResponseMessage without = await service.Client.GetAsync("/v1/measurements");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, without.StatusCode);
        Assert.Equal("""{"error":"the TPM cannot be read"}""", await without.Content.ReadAsStringAsync());

        tpm.Write("sha256", 4, new string('0', 64) + "\n");
        using HttpResponseMessage with = await service.Client.GetAsync("/v1/measurements");
        Assert.Equal(HttpStatusCode.OK, with.StatusCode);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/healthz/")]
    [InlineData("/HEALTHZ")]
    [InlineData("/v1/measurements/0")]
    [InlineData("/..%2f..%2fetc/passwd")]
    [InlineData("/favicon.ico")]
    public async Task Any_other_path_is_not_found(string path)
    {
        using HttpResponseMessage answer = await service.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("""{"error":"no such resource"}""", await answer.Content.ReadAsStringAsync());
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task A_query_changes_nothing()
    {
        Assert.Equal("""{"status":"ok"}""", await service.Client.GetStringAsync("/healthz?verbose=1"));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    public async Task Other_methods_are_not_allowed(string method)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), "/healthz");
        using HttpResponseMessage answer = await service.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow);
    }

    [Fact]
    public async Task Head_has_the_length_of_the_answer_and_no_body()
    {
        string answer = await service.SendAsync("HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Length: 15\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sigterm_ends_it_with_success_and_without_a_word()
    {
        await service.Client.GetStringAsync("/healthz");
        await service.SendAsync("nonsense\r\n\r\n");
        Assert.Equal((0, ""), service.Stop());
    }

    [Fact]
    public async Task Sigterm_does_not_wait_for_an_idle_connection()
    {
        await using Stream idle = await service.ConnectAsync();
        Assert.Equal(0, service.Stop().ExitCode);
    }

    [Fact]
    public void A_taken_port_and_a_wrong_command_line_end_it_silently_with_their_exit_codes()
    {
        Assert.Equal((4, ""), RunningService.RunToEnd("--listen", service.Address.ToString()));
        Assert.Equal((1, ""), RunningService.RunToEnd("--listen", "nowhere"));
        Assert.Equal((1, ""), RunningService.RunToEnd("--urls", "http://127.0.0.1:0"));
    }

    [Fact]
    public async Task Environment_variables_do_not_configure_it()
    {
        using RunningService other = RunningService.Start(
            tpm.Root,
            new("ASPNETCORE_URLS", "http://127.0.0.1:1"),
            new("DOTNET_URLS", "http://127.0.0.1:1"),
            new("ASPNETCORE_ENVIRONMENT", "Development"),
            new("Kestrel__Endpoints__Other__Url", "http://127.0.0.1:1"),
            new("Logging__Console__LogLevel__Default", "Trace"),
            new("ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", "Absent"));
        Assert.Equal("""{"status":"ok"}""", await other.Client.GetStringAsync("/healthz"));
        Assert.Equal((0, ""), other.Stop());
    }
}
