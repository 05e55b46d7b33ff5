using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Documents;

namespace Mantle.Measure.Release.Dsse;

/// <summary>
/// A DSSE envelope (Dead Simple Signing Envelope, protocol version 1.0.0). What is signed is the pre-authentication encoding of type and payload, so no
/// parser stands between the signature and the payload's bytes. This one is stricter than the specification, where a signature need not name its key and
/// unknown members are passed over: each signature names its key, no key stands there twice, they are sorted by key id, and the JSON has one encoding.
/// </summary>
public sealed class DsseEnvelope
{
    /// <summary>The payload type of an in-toto statement (in-toto attestation framework v1, "Envelope layer").</summary>
    public const string StatementType = "application/vnd.in-toto+json";

    internal const string Format = "dsse envelope";

    /// <summary>Ten times what a release of a hundred files has.</summary>
    internal const int MaximumSize = 4 << 20;

    private const int MaximumSignatures = 64;
    private const int MaximumSignatureLength = 1024;

    private DsseEnvelope(string payloadType, ReadOnlyMemory<byte> payload, IReadOnlyList<DsseSignature> signatures)
    {
        PayloadType = payloadType;
        Payload = payload;
        Signatures = signatures;
    }

    /// <summary>What the payload is, a media type or URI.</summary>
    public string PayloadType { get; }

    /// <summary>The signed bytes.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The signatures by ascending key id; none at first.</summary>
    public IReadOnlyList<DsseSignature> Signatures { get; }

    /// <summary>An envelope that nobody has signed.</summary>
    /// <exception cref="ArgumentException">The type is empty or has a character outside of printable ASCII.</exception>
    public static DsseEnvelope Create(string payloadType, ReadOnlyMemory<byte> payload) =>
        IsType(payloadType) ? new(payloadType, payload.ToArray(), []) : throw new ArgumentException("a payload type is printable ASCII without spaces", nameof(payloadType));

    /// <summary>PAE: <c>DSSEv1 SP LEN(type) SP type SP LEN(payload) SP payload</c>, the bytes that a signer signs.</summary>
    public static byte[] PreAuthenticationEncoding(string payloadType, ReadOnlySpan<byte> payload)
    {
        byte[] type = Encoding.UTF8.GetBytes(payloadType);
        return
        [
            .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {type.Length} ")), .. type,
            .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $" {payload.Length} ")), .. payload,
        ];
    }

    /// <summary>The bytes that a signer of this envelope signs.</summary>
    public byte[] PreAuthenticationEncoding() => PreAuthenticationEncoding(PayloadType, Payload.Span);

    /// <summary>SHA-256 of <see cref="ToArray"/>, hexadecimal: which envelope this is, its signatures included.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(ToArray()));

    /// <summary>The envelope with one signature more; a signature of the same key is replaced. The order of adding does not show.</summary>
    /// <exception cref="ArgumentException">The key id is not 64 digits of lower-case hexadecimal, or the signature has no bytes.</exception>
    public DsseEnvelope With(DsseSignature signature)
    {
        if (!JsonMembers.IsDigest(signature.KeyId) || signature.Signature.Length is 0 or > MaximumSignatureLength)
        {
            throw new ArgumentException("a signature has a key id of 64 hexadecimal digits and some bytes", nameof(signature));
        }

        return new(
            PayloadType,
            Payload,
            [.. Signatures.Where(known => known.KeyId != signature.KeyId).Append(signature).OrderBy(known => known.KeyId, StringComparer.Ordinal)]);
    }

    /// <summary>The envelope with the signatures of another over the same payload, of the keys that have not signed this one.</summary>
    /// <exception cref="ArgumentException">The other is about another payload.</exception>
    public DsseEnvelope Merge(DsseEnvelope other) =>
        other.PayloadType != PayloadType || !other.Payload.Span.SequenceEqual(Payload.Span)
            ? throw new ArgumentException("the envelopes hold different payloads", nameof(other))
            : other.Signatures.Where(theirs => Signatures.All(ours => ours.KeyId != theirs.KeyId)).Aggregate(this, (merged, signature) => merged.With(signature));

    /// <summary>Whether the envelope has a signature of the key over its payload that holds.</summary>
    public bool IsSignedBy(VerificationKey key, SignatureScheme scheme) =>
        Signatures.FirstOrDefault(signature => signature.KeyId == key.KeyId) is { } found
        && key.Verify(PreAuthenticationEncoding(), found.Signature.Span, scheme);

    /// <summary>The file, in its one encoding.</summary>
    public byte[] ToArray() => CanonicalJson.Write(json =>
    {
        json.WriteBase64String("payload", Payload.Span);
        json.WriteString("payloadType", PayloadType);
        json.WriteStartArray("signatures");
        foreach (DsseSignature signature in Signatures)
        {
            json.WriteStartObject();
            json.WriteString("keyid", signature.KeyId);
            json.WriteBase64String("sig", signature.Signature.Span);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>Reads a file that <see cref="ToArray"/> has written.</summary>
    /// <exception cref="MalformedInputException">It is no envelope, or not in its one encoding.</exception>
    public static DsseEnvelope Read(ReadOnlyMemory<byte> bytes) => CanonicalJson.Read(Format, bytes, MaximumSize, ReadMembers, envelope => envelope.ToArray());

    private static DsseEnvelope ReadMembers(JsonMembers members)
    {
        byte[] payload = members.Base64("payload");
        string type = members.Text("payloadType", text => IsType(text) ? null : "printable ASCII without spaces");
        List<DsseSignature> signatures = [];
        foreach (JsonMembers signature in members.Objects("signatures", MaximumSignatures))
        {
            string keyId = signature.Sha256("keyid");
            byte[] bytes = signature.Base64("sig");
            signature.Finish();
            if (bytes.Length is 0 or > MaximumSignatureLength)
            {
                throw signature.Refuse($"a signature of {bytes.Length} bytes");
            }

            int order = signatures.Count == 0 ? -1 : string.CompareOrdinal(signatures[^1].KeyId, keyId);
            if (order >= 0 || signatures.Exists(known => known.KeyId == keyId))
            {
                throw signature.Refuse(signatures.Exists(known => known.KeyId == keyId) ? $"the key {keyId} stands twice" : "the signatures are not sorted by key id");
            }

            signatures.Add(new(keyId, bytes));
        }

        return new(type, payload, signatures);
    }

    private static bool IsType(string text) => text.Length is > 0 and <= 256 && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}
