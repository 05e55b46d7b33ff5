using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Connection;

/// <summary>What came of asking an appliance who it is.</summary>
/// <param name="Attestation">The document and every check of it, that of the connection's key included.</param>
/// <param name="Bytes">The document as it came.</param>
/// <param name="KeySha256">SHA-256 of the SubjectPublicKeyInfo at the connection's other end, lower-case hex.</param>
/// <param name="Appliance">The appliance to talk to; null unless everything that a verdict needs was checked and holds.</param>
public sealed record ConnectResult(AttestationResult Attestation, byte[] Bytes, string KeySha256, VerifiedAppliance? Appliance);

/// <summary>Asks an appliance for an attestation document over TLS and checks that TLS ends inside the machine that the document is about.</summary>
public static class ApplianceConnector
{
    private const string Resource = "/.well-known/attestation";
    private const string MediaType = "application/cose";
    private const int NonceLength = 32;

    /// <summary>Documents of NitroTPM have 4 to 5 KB, and at most 8 KiB.</summary>
    private const int MaximumDocument = 16 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Connects, asks with a fresh nonce, and checks.</summary>
    /// <param name="address">Where.</param>
    /// <param name="policy">What to hold the document against. Nonce and user data are this connection's; the time is that of the clock when the answer is there.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="UserErrorException">There is no answer, or the server refuses one.</exception>
    /// <exception cref="MalformedInputException">The answer is no document.</exception>
    public static async Task<ConnectResult> ConnectAsync(ServerAddress address, AttestationPolicy policy, TimeProvider clock, CancellationToken cancellation)
    {
        PinnedConnection connection = await PinnedConnection.OpenAsync(address, pin: null, cancellation).ConfigureAwait(false);
        bool isKept = false;
        try
        {
            byte[] nonce = RandomNumberGenerator.GetBytes(NonceLength);
            (HttpHead head, byte[] bytes) = await Patience.LimitAsync(s_patience, address, token => FetchAsync(connection, address, nonce, token), cancellation).ConfigureAwait(false);
            SignedAttestationDocument document = SignedAttestationDocument.Read(bytes);
            byte[] userData = TlsBinding.UserData(connection.KeyDigest);
            AttestationResult result = AttestationVerifier.Verify(document, policy with { At = clock.GetUtcNow(), Nonce = nonce, UserData = userData });
            string key = Convert.ToHexStringLower(connection.KeyDigest);
            ReadOnlyMemory<byte>? said = document.UnverifiedContent.UserData;
            result.Report.Check(
                "tls-key",
                said is { } value && value.Span.SequenceEqual(userData) ? null : $"{TlsBinding.Describe(said)}, this connection ends at the key {key}: it may end at somebody in between",
                $"this connection ({connection.Protocol}) ends at the key that the document vouches for, {key}");
            isKept = result.Report.Verdict == Verdict.Holds && result.Verified is not null;
#pragma warning disable CA2000 // the caller's, in the result
            return new(result, bytes, key, isKept ? new VerifiedAppliance(address, connection, head.IsLast) : null);
#pragma warning restore CA2000
        }
        finally
        {
            if (!isKept)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task<(HttpHead Head, byte[] Bytes)> FetchAsync(PinnedConnection connection, ServerAddress address, byte[] nonce, CancellationToken cancellation)
    {
        await connection.SendAsync("GET", $"{Resource}?nonce={Convert.ToHexStringLower(nonce)}", MediaType, default, cancellation).ConfigureAwait(false);
        HttpHead head = await connection.Reader.ReadHeadAsync(cancellation).ConfigureAwait(false);
        ServerRefusal.Check(address, head, "attestation document");
        return head.MediaType == MediaType
            ? (head, await connection.Reader.ReadWholeBodyAsync(MaximumDocument, cancellation).ConfigureAwait(false))
            : throw new UserErrorException($"{address.Authority} answers with something that is not {MediaType}", "is it an appliance that attests itself?");
    }
}
