using System.Security.Cryptography;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Attestation;

/// <summary>A sound document with its policy, in which one thing at a time can be another.</summary>
internal static class TestDocument
{
    public static readonly byte[] Nonce = SHA256.HashData("nonce"u8);
    public static readonly byte[] UserData = "data"u8.ToArray();
    public static readonly byte[] PublicKey = [4, .. new byte[64]];

    public static NitroPki Pki { get; } = new();

    public static NitroPki EnclavePki { get; } = new(module: $"{NitroPki.Instance}-enc0123456789abcdef");

    public static AttestationDocument Content(NitroPki pki, AttestationKind kind = AttestationKind.NitroTpm) => new()
    {
        Kind = kind,
        ModuleId = pki.Module,
        TimestampMilliseconds = (ulong)NitroPki.Now.ToUnixTimeMilliseconds(),
        Pcrs = Pcrs(kind == AttestationKind.NitroTpm ? 24 : 16),
        Certificate = pki.LeafCertificate,
        CaBundle = pki.Bundle,
        Nonce = Nonce,
        UserData = UserData,
        PublicKey = PublicKey,
    };

    public static AttestationPolicy Policy(NitroPki pki, AttestationKind kind = AttestationKind.NitroTpm) => new()
    {
        Kind = kind,
        Root = TrustedRoot.FromCertificate(pki.Root),
        At = NitroPki.Now.AddSeconds(30),
        Nonce = Nonce,
        UserData = UserData,
        PublicKey = PublicKey,
        Pcrs = [.. ExpectedPcr.Needed(kind).Select(index => new ExpectedPcr(index, new(TpmAlgorithm.Sha384, Value(index)), "test", IsBound: true))],
    };

    public static byte[] Sign(AttestationDocument content, NitroPki? pki = null) => AttestationDocumentWriter.Write(content, (pki ?? Pki).Sign);

    public static AttestationResult Verify(byte[] document, AttestationPolicy policy) => AttestationVerifier.Verify(SignedAttestationDocument.Read(document), policy);

    public static AttestationResult Verify(NitroPki pki) => Verify(Sign(Content(pki), pki), Policy(pki));

    public static byte[] Value(int index) => index is 12 or 13 ? new byte[48] : SHA384.HashData([(byte)index]);

    public static SortedDictionary<int, ReadOnlyMemory<byte>> Pcrs(int count)
    {
        SortedDictionary<int, ReadOnlyMemory<byte>> pcrs = [];
        for (int i = 0; i < count; i++)
        {
            pcrs[i] = Value(i);
        }

        return pcrs;
    }
}
