using System.Net.Sockets;
using System.Text;
using CsCheck;

namespace Mantle.Service.Tests;

public sealed class MalformedRequestTests : IDisposable
{
    private readonly FakeTpm tpm = new("sha256");
    private readonly RunningService service;

    public MalformedRequestTests() => service = RunningService.Start(tpm.Root);

    public void Dispose()
    {
        service.Dispose();
        tpm.Dispose();
    }

    public static TheoryData<string, string> Requests => new()
    {
        { "nonsense\r\n\r\n", "400" },
        { "GET /healthz\r\n\r\n", "400" },
        { "GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n", "505" },
        { "GET /healthz HTTP/1.1\r\n\r\n", "400" },
        { "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400" },
        { "GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", "400" },
        { "GET /health\0z HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
        { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505" },
        { "GET /" + new string('a', 4096) + " HTTP/1.1\r\nHost: a\r\n\r\n", "414" },
        { "GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + new string('a', 9000) + "\r\n\r\n", "431" },
        { "GET /healthz HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Repeat("X: a\r\n", 40)) + "\r\n", "431" },
        { "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400" },
        { "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n", "400" },
        { "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "400" },
        { "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n", "404" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Is_refused_by_its_number_and_the_service_lives(string request, string status)
    {
        string answer = await service.SendAsync(request);
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal("""{"status":"ok"}""", await service.Client.GetStringAsync("/healthz"));
    }

    [Theory]
    [InlineData("POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")]
    public async Task A_body_is_never_read_and_ends_the_connection(string request)
    {
        string answer = await service.SendAsync(request + "GET /v1/measurements HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.DoesNotContain("banks", answer, StringComparison.Ordinal);
        Assert.Equal("""{"status":"ok"}""", await service.Client.GetStringAsync("/healthz"));
    }

    [Fact]
    public async Task Random_bytes_below_and_inside_TLS_leave_it_alive_and_silent()
    {
        await Gen.Byte.Array[0, 300].SampleAsync(
            async bytes =>
            {
                using TcpClient raw = new();
                await raw.ConnectAsync(service.Address);
                await raw.GetStream().WriteAsync(bytes);
                raw.Close();
                await service.SendAsync(Encoding.Latin1.GetString(bytes) + "\r\n\r\n\r\n\r\n");
            },
            iter: 20,
            threads: 1);
        Assert.Equal("""{"status":"ok"}""", await service.Client.GetStringAsync("/healthz"));
        Assert.Equal((0, ""), service.Stop());
    }
}
