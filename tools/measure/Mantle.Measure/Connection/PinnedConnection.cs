using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Mantle.Measure.Connection;

/// <summary>
/// One TLS connection and the key at its other end. The certificate's names, dates and issuer prove nothing here and are not looked at: who has the key is what the
/// attestation document answers, or what it has answered before.
/// </summary>
internal sealed class PinnedConnection : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly Socket _socket;
    private readonly SslStream _stream;
    private readonly ServerAddress _address;

    private PinnedConnection(ServerAddress address, Socket socket, SslStream stream, byte[] keyDigest)
    {
        (_address, _socket, _stream, KeyDigest) = (address, socket, stream, keyDigest);
        Reader = new(stream);
    }

    /// <summary>SHA-256 of the certificate's SubjectPublicKeyInfo, whose owner has shown in this handshake that the key is theirs.</summary>
    public byte[] KeyDigest { get; }

    /// <summary>The version of TLS.</summary>
    public SslProtocols Protocol => _stream.SslProtocol;

    /// <summary>What the server says.</summary>
    public HttpReader Reader { get; }

    /// <summary>Opens one.</summary>
    /// <param name="address">Where to. No proxy is asked, whatever the environment says.</param>
    /// <param name="pin">The only key to talk to, or null before any is known.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="UserErrorException">There is nobody, no TLS, or another key.</exception>
    public static async Task<PinnedConnection> OpenAsync(ServerAddress address, byte[]? pin, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patience);
#pragma warning disable CA2000 // disposed of with the connection, or below when there comes none of it
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? stream = null;
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, patience.Token).ConfigureAwait(false);
            stream = new(new NetworkStream(socket, ownsSocket: false));
#pragma warning restore CA2000
            byte[]? seen = null;
            await stream.AuthenticateAsClientAsync(CreateOptions(address.Host, digest => seen = digest), patience.Token).ConfigureAwait(false);
            PinnedConnection connection = new(address, socket, stream, seen ?? throw new AuthenticationException("the server has no certificate"));
            return pin is null || CryptographicOperations.FixedTimeEquals(pin, connection.KeyDigest)
                ? connection
                : throw new UserErrorException(
                    $"{address.Authority} has another key than the one that was verified: SHA-256 {Convert.ToHexStringLower(connection.KeyDigest)}, not {Convert.ToHexStringLower(pin)}",
                    "nothing was sent to it", ExitCode.Mismatch);
        }
        catch (Exception exception)
        {
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            socket.Dispose();
            throw exception switch
            {
                SocketException => new UserErrorException($"cannot connect to {address.Authority}: {Lower(exception.Message)}", exitCode: ExitCode.Environment, cause: exception),
                AuthenticationException or IOException => new UserErrorException($"{address.Authority} speaks no TLS 1.2 or 1.3 with a certificate", exitCode: ExitCode.Environment, cause: exception),
                OperationCanceledException when !cancellation.IsCancellationRequested =>
                    new UserErrorException($"{address.Authority} does not answer within {s_patience.TotalSeconds} s", exitCode: ExitCode.Environment, cause: exception),
                _ => exception,
            };
        }
    }

    /// <summary>Sends a request; a body is JSON.</summary>
    public async Task SendAsync(string method, string target, string accept, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        string content = method == "POST" ? $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n" : "";
        byte[] head = Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\nHost: {_address.Authority}\r\nAccept: {accept}\r\n{content}\r\n");
        await _stream.WriteAsync((byte[])[.. head, .. body.Span], cancellation).ConfigureAwait(false);
        await _stream.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
    }

    private static SslClientAuthenticationOptions CreateOptions(string host, Action<byte[]> onKey) => new()
    {
        TargetHost = host,
#pragma warning disable CA5398 // a floor, not a choice: what is older is refused whatever the machine's OpenSSL is set to
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
        AllowRenegotiation = false,

        // A chain is built before the callback is asked: it may fetch nothing from wherever the certificate says, and needs no roots.
        CertificateChainPolicy = new()
        {
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
            TrustMode = X509ChainTrustMode.CustomRootTrust,
        },
#pragma warning disable CA5359 // any certificate will do: its key is held against the attestation document before a word is said that matters
        RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            if (certificate is not X509Certificate2 shown)
            {
                return false;
            }

            onKey(SHA256.HashData(shown.PublicKey.ExportSubjectPublicKeyInfo()));
            return true;
        },
#pragma warning restore CA5359
    };

    private static string Lower(string text) => char.ToLowerInvariant(text[0]) + text[1..].TrimEnd('.');
}
