using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Mantle.Service;

/// <summary>The HTTPS listener and its limits. A request is one short line and a few headers; the one resource that takes a body allows itself one.</summary>
internal static class Listener
{
    private const int MaximumConnections = 128;
    private const int RequestsPerSecond = 100;

    /// <summary>One listener: HTTP/1.1 over TLS 1.3 or 1.2 with the given certificate.</summary>
    public static void Configure(KestrelServerOptions server, IPEndPoint address, X509Certificate2 certificate)
    {
        server.AddServerHeader = false;
        server.Limits.MaxConcurrentConnections = MaximumConnections;
        server.Limits.MaxConcurrentUpgradedConnections = 0;
        server.Limits.MaxRequestBodySize = 0;
        server.Limits.MaxRequestLineSize = 2048;
        server.Limits.MaxRequestBufferSize = 16 * 1024;
        server.Limits.MaxRequestHeadersTotalSize = 8 * 1024;
        server.Limits.MaxRequestHeaderCount = 32;
        server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        server.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        SslServerAuthenticationOptions tls = CreateTlsOptions(certificate);
        server.Listen(address, listen =>
        {
            // HTTP/2 brings nothing to answers of this size, and a state machine more to attack.
            listen.Protocols = HttpProtocols.Http1;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = TimeSpan.FromSeconds(5),
                OnConnection = _ => ValueTask.FromResult(tls),
            });
        });
    }

    private static SslServerAuthenticationOptions CreateTlsOptions(X509Certificate2 certificate) =>
        new()
        {
            // Once, not at each handshake: it looks for a chain in the system's root certificates, which an image need not have.
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
            ClientCertificateRequired = false,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            AllowRenegotiation = false,
#pragma warning disable CA5398 // the image has no OpenSSL configuration whose default could be better than this floor
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
            CipherSuitesPolicy = new CipherSuitesPolicy(
            [
                TlsCipherSuite.TLS_AES_128_GCM_SHA256,
                TlsCipherSuite.TLS_AES_256_GCM_SHA384,
                TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
                TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            ]),
        };

    /// <summary>Requests a second over all clients: enough for every monitor, too few to keep the TPM from anything else.</summary>
    public static TokenBucketRateLimiter CreateRateLimiter() => new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = 2 * RequestsPerSecond,
        TokensPerPeriod = RequestsPerSecond / 10,
        ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
        QueueLimit = 0,
        AutoReplenishment = true,
    });
}
