using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mantle.Formats.Cose;
using Mantle.Measure.Connection;
using Mantle.Measure.Tests.Attestation;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Connection;

/// <summary>A server on the loopback that answers as a test wants, byte for byte, and remembers all that it was sent.</summary>
public sealed class TestAppliance : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly List<string> _requests = [];
    private readonly Task _serving;
    private int _connections;
    private bool _isOver;

    public TestAppliance()
    {
        _listener.Start();
        Address = new("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);
        Certificates = [MakeCertificate()];
        _serving = ServeAsync();
    }

    public ServerAddress Address { get; }

    /// <summary>The certificate of the first connection, of the second; the last of all further ones.</summary>
    public IReadOnlyList<X509Certificate2> Certificates { get; set; }

    /// <summary>Whose documents they are.</summary>
    public NitroPki Pki { get; set; } = TestDocument.Pki;

    /// <summary>Changes the document before it is signed; given what a right one has.</summary>
    public Func<AttestationDocument, AttestationDocument> Change { get; set; } = document => document;

    /// <summary>The whole answer to a request for a document, given the right one.</summary>
    public Func<byte[], byte[]> Attestation { get; set; } = document => Http(200, "application/cose; cose-type=\"cose-sign1\"", document);

    /// <summary>The whole answer to a prompt.</summary>
    public byte[] Completion { get; set; } = Http(200, "application/json", Response("A reply."));

    public byte[] Models { get; set; } = Http(200, "application/json", """{"object":"list","data":[{"id":"tiny-1","object":"model"}]}""");

    /// <summary>Head and body of every request so far.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    public int Connections => _connections;

    public static byte[] Http(int status, string type, string body, string more = "") => Http(status, type, Encoding.UTF8.GetBytes(body), more);

    public static byte[] Http(int status, string type, byte[] body, string more = "") =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status} X\r\nContent-Type: {type}\r\n{more}Content-Length: {body.Length}\r\n\r\n"), .. body];

    public static string Response(string text) =>
        $$"""{"object":"response","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"{{text}}"}]}]}""";

    public static X509Certificate2 MakeCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256).CreateSelfSigned(NitroPki.Now.AddYears(-20), NitroPki.Now.AddYears(-10)); // dates are nobody's business
    }

    public static byte[] KeyDigest(X509Certificate2 certificate) => SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo());

    /// <summary>Makes certificates and documents that are valid now, for an executable that reads the clock, and returns their root in PEM.</summary>
    public string BeOfNow()
    {
        TimeSpan since = TimeProvider.System.GetUtcNow() - NitroPki.Now;
        Pki = new((_, link) => (link.NotBefore, link.NotAfter) = (link.NotBefore + since, link.NotAfter + since));
        Change = OfNow;
        return PemEncoding.WriteString("CERTIFICATE", Pki.Root);
    }

    public static AttestationDocument OfNow(AttestationDocument document) => document with { TimestampMilliseconds = (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() };

    public async ValueTask DisposeAsync()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        await _end.CancelAsync();
        _listener.Dispose();
        await _serving;
        _end.Dispose();
        foreach (X509Certificate2 certificate in Certificates)
        {
            certificate.Dispose();
        }
    }

    private async Task ServeAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                connections.Add(ServeAsync(client, Certificates[Math.Min(_connections++, Certificates.Count - 1)]));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client, X509Certificate2 certificate)
    {
        try
        {
            using TcpClient connection = client;
            await using SslStream stream = new(client.GetStream());
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true) }, _end.Token);
            while (await ReadRequestAsync(stream) is { } request)
            {
                lock (_requests)
                {
                    _requests.Add(request);
                }

                byte[] answer = request.StartsWith("GET /.well-known/attestation?nonce=", StringComparison.Ordinal) ? Attestation(Document(request, certificate))
                    : request.StartsWith("GET /v1/models ", StringComparison.Ordinal) ? Models
                    : Completion;
                await stream.WriteAsync(answer, _end.Token);
                await stream.FlushAsync(_end.Token);
                if (answer.AsSpan().IndexOf("Connection: close"u8) >= 0)
                {
                    await stream.ShutdownAsync();
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The client went, as it should from a server like some of these.
        }
    }

    private byte[] Document(string request, X509Certificate2 certificate)
    {
        string nonce = request[(request.IndexOf('=', StringComparison.Ordinal) + 1)..request.IndexOf(" HTTP", StringComparison.Ordinal)];
        return TestDocument.Sign(
            Change(TestDocument.Content(Pki) with { Nonce = Convert.FromHexString(nonce), UserData = TlsBinding.UserData(KeyDigest(certificate)), PublicKey = null }), Pki);
    }

    private async Task<string?> ReadRequestAsync(SslStream stream)
    {
        StringBuilder request = new();
        byte[] buffer = new byte[65536];
        while (true)
        {
            int count = await stream.ReadAsync(buffer, _end.Token);
            if (count == 0)
            {
                return null;
            }

            request.Append(Encoding.UTF8.GetString(buffer, 0, count));
            string text = request.ToString();
            int head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head >= 0 && text.Length - head - 4 >= ContentLength(text[..head]))
            {
                return text;
            }
        }
    }

    private static int ContentLength(string head) =>
        head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal)) is { } line ? int.Parse(line[16..], System.Globalization.CultureInfo.InvariantCulture) : 0;
}
