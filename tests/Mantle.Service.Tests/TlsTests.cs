using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Mantle.Service.Tests;

public sealed class TlsTests : IDisposable
{
    private readonly FakeTpm tpm = new("sha256");
    private readonly RunningService service;

    public TlsTests() => service = RunningService.Start(tpm.Root);

    public void Dispose()
    {
        service.Dispose();
        tpm.Dispose();
    }

    [Fact]
    public async Task A_client_of_today_gets_TLS_1_3()
    {
        await using SslStream stream = await service.ConnectAsync();
        Assert.Equal(SslProtocols.Tls13, stream.SslProtocol);
    }

    [Fact]
    public async Task TLS_1_2_is_served_with_forward_secrecy_and_an_authenticated_cipher()
    {
        await using SslStream stream = await service.ConnectAsync(SslProtocols.Tls12);
        Assert.Equal(SslProtocols.Tls12, stream.SslProtocol);
        Assert.StartsWith("TLS_ECDHE_ECDSA_WITH_", stream.NegotiatedCipherSuite.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SslProtocols.Tls11)]
    [InlineData(SslProtocols.Tls)]
    public async Task Older_protocols_are_refused(SslProtocols protocols) =>
        await Assert.ThrowsAnyAsync<Exception>(async () => await service.ConnectAsync(protocols));

    [Fact]
    public async Task The_certificate_is_self_signed_over_a_P_256_key_for_server_authentication()
    {
        await service.Client.GetStringAsync("/healthz");
        X509Certificate2 certificate = service.Certificate!;
        using ECDsa? key = certificate.GetECDsaPublicKey();
        Assert.Equal("1.2.840.10045.3.1.7", key!.ExportParameters(false).Curve.Oid.Value);
        Assert.Equal("1.2.840.10045.4.3.2", certificate.SignatureAlgorithm.Value);

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        Assert.True(chain.Build(certificate));
    }

    [Fact]
    public async Task Every_start_makes_a_key_of_its_own()
    {
        await service.Client.GetStringAsync("/healthz");
        using RunningService other = RunningService.Start(tpm.Root);
        await other.Client.GetStringAsync("/healthz");
        Assert.NotEqual(service.Certificate!.GetPublicKeyString(), other.Certificate!.GetPublicKeyString());
    }

    [Fact]
    public async Task Plain_HTTP_gets_no_answer_and_harms_nothing()
    {
        using TcpClient connection = new();
        await connection.ConnectAsync(service.Address);
        NetworkStream stream = connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
        MemoryStream answer = new();
        try
        {
            await stream.CopyToAsync(answer);
        }
        catch (IOException)
        {
            // A reset is a refusal too.
        }

        Assert.DoesNotContain("HTTP", Encoding.Latin1.GetString(answer.ToArray()), StringComparison.Ordinal);
        Assert.Equal("""{"status":"ok"}""", await service.Client.GetStringAsync("/healthz"));
    }
}
