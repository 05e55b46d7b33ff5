using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;

namespace Mantle.Unseal.Kms;

/// <summary>TLS to KMS: version 1.2 or 1.3, the host's name checked, a chain to the given roots and to no other, no proxy, no redirection, no cookie.</summary>
internal sealed class KmsConnections(KmsSettings settings) : HttpClientFactory
{
    /// <summary>A certificate was refused, and its validity does not include this machine's time.</summary>
    public bool IsTimeWrong { get; private set; }

    /// <inheritdoc/>
    [SuppressMessage("Reliability", "CA2000", Justification = "the client disposes of its handler, and the SDK of the client")]
    public override HttpClient CreateHttpClient(IClientConfig clientConfig)
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(settings.Roots);
        return new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = settings.Timeout,
            MaxResponseHeadersLength = 64, // KB
            UseCookies = false,
            UseProxy = false,
            SslOptions = new()
            {
                CertificateChainPolicy = policy,
#pragma warning disable CA5398 // a choice of the system's would be OpenSSL's configuration file; older versions must not be possible whatever it says
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
                RemoteCertificateValidationCallback = Validate,
            },
        })
        {
            MaxResponseContentBufferSize = 1 << 20,
            Timeout = settings.Timeout,
        };
    }

    /// <inheritdoc/>
    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        IsTimeWrong = errors == SslPolicyErrors.RemoteCertificateChainErrors && chain is not null
            && chain.ChainStatus.All(status => status.Status == X509ChainStatusFlags.NotTimeValid);
        return errors == SslPolicyErrors.None;
    }
}
