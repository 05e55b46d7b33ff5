using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Formats.X509;
using Mantle.Fuzz.Seeds;
using Mantle.Measure.Attestation;
using Mantle.Measure.Quotes;
using Mantle.Testing;

namespace Mantle.Fuzz;

/// <summary>What somebody sends to prove what runs: documents, certificates, quotes, keys.</summary>
internal static class AttestationReaders
{
    private static readonly Lazy<NitroPki> s_pki = new(() => new());

    private static readonly PcrSelection[] s_selections = [new(TpmAlgorithm.Sha256, 3), new(TpmAlgorithm.Sha384, 0x3090)];

    // Heads of CBOR items of every kind and of lengths that matter.
    private static readonly IReadOnlyList<byte[]> s_cbor =
    [
        [0xf6], [0xff], [0xbf], [0x9f], [0x5f], [0x7f], [0x80], [0xa0], [0x40], [0xd2], [0x58, 0x30], [0x59, 0xff, 0xff], [0x5a, 0x7f, 0xff, 0xff, 0xff],
        [0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x9b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], [0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        .. Texts.Words("fnonce", "dpcrs", "mnitrotpm_pcrs"),
    ];

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("cose", () => [Document(), [0xd2, .. Document()]], bytes => CoseSign1.Read(bytes).ToBeSigned()) { Words = s_cbor },
        new("attestation", () => [Payload(true), Payload(false)], ReadPayload) { Words = s_cbor },
        new("attestation verify", () => [Document()], VerifyDocument) { Words = s_cbor },
        new("document file", () => [Document(), Texts.Bytes(Convert.ToBase64String(Document())), Texts.Bytes(Convert.ToHexString(Document()))], bytes => DocumentFile.Decode(bytes)),
        new("certificate", () => [.. s_pki.Value.Certificates], bytes => Certificate.Read(bytes)) { RefusesAlike = true },
        new("quote", () => [Quote(), [0, (byte)Quote().Length, .. Quote()]], bytes => TpmAttestation.Read(bytes)),
        new("tpm signature", () => [EccSignature(), RsaSignature()], bytes => TpmSignature.Read(bytes)),
        new("tpm public", () => [EccKey(), RsaKey(), [0, (byte)EccKey().Length, .. EccKey()]], bytes => TpmPublic.Read(bytes).ComputeName()),
        new("attestation key", Keys, ReadKey),
        new("pcr file", () => [Serialized(), new byte[64 + (4 * 48)]], bytes => PcrFile.Read(bytes, s_selections).ComputeDigest(TpmAlgorithm.Sha256)),
        new("aws measurements", () => [Texts.Bytes("{\"Measurements\":{\"HashAlgorithm\":\"SHA384\",\"PCR4\":\"" + new string('0', 96) + "\"}}")], ReadAws),
    ];

    private static AttestationDocument Content() => new()
    {
        Kind = AttestationKind.NitroTpm,
        ModuleId = s_pki.Value.Module,
        TimestampMilliseconds = (ulong)NitroPki.Now.ToUnixTimeMilliseconds(),
        Pcrs = Enumerable.Range(0, 24).ToDictionary(index => index, index => (ReadOnlyMemory<byte>)new byte[48]),
        Certificate = s_pki.Value.LeafCertificate,
        CaBundle = s_pki.Value.Bundle,
        UserData = new byte[4],
    };

    private static byte[] Document() => AttestationDocumentWriter.Write(Content(), s_pki.Value.Sign);

    private static byte[] Payload(bool isIndefinite) => AttestationDocumentWriter.WritePayload(Content(), isIndefinite);

    /// <summary>What is read is written, and read again as the same.</summary>
    private static void ReadPayload(byte[] bytes)
    {
        byte[] written = AttestationDocumentWriter.WritePayload(AttestationDocumentReader.Read(bytes));
        if (!written.AsSpan().SequenceEqual(AttestationDocumentWriter.WritePayload(AttestationDocumentReader.Read(written))))
        {
            throw new InvalidOperationException("written again it is another document");
        }
    }

    private static void VerifyDocument(byte[] bytes)
    {
        SignedAttestationDocument document = SignedAttestationDocument.Read(bytes, allowTrailing: true);
        AttestationDocumentPrinter.Print(document, TextWriter.Null);
        AttestationResult result = AttestationVerifier.Verify(document, new() { Root = TrustedRoot.FromCertificate(s_pki.Value.Root), At = NitroPki.Now });
        if (result.Verified is not null && !document.Envelope.Payload.Span.SequenceEqual(SignedAttestationDocument.Read(s_sound.Value).Envelope.Payload.Span))
        {
            throw new InvalidOperationException("a document that nobody signed is genuine");
        }
    }

    private static readonly Lazy<byte[]> s_sound = new(Document);

    private static byte[] Quote() => Convert.FromHexString(
        "ff54434780180022000b" + new string('a', 64) + "000400112233000000000000046b00000002000000000120191023001636360000000200" + "0b03030000" + "000c03903000" + "0020" + new string('b', 64));

    private static byte[] EccSignature() => Convert.FromHexString("0018000b0020" + new string('a', 64) + "0020" + new string('b', 64));

    private static byte[] RsaSignature() => Convert.FromHexString("0014000b0100" + new string('a', 512));

    // P-256's generator as the key.
    private static byte[] EccKey() => Convert.FromHexString(
        "0023000b00050072" + "0000" + "0010" + "0018000b" + "0003" + "0010" + "0020" + "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        + "0020" + "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");

    private static byte[] RsaKey() => Convert.FromHexString("0001000b00050072" + "0000" + "0010" + "0014000b" + "0800" + "00000000" + "0100" + new string('b', 512));

    private static IReadOnlyList<byte[]> Keys() =>
    [
        EccKey(), RsaKey(), s_pki.Value.Keys[0].ExportSubjectPublicKeyInfo(), Texts.Bytes(s_pki.Value.Keys[0].ExportSubjectPublicKeyInfoPem()), [4, .. EccKey()[^66..^34], .. EccKey()[^32..]],
    ];

    private static void ReadKey(byte[] bytes)
    {
        using AttestationKey key = AttestationKey.Read(bytes);
        key.Verify(Quote(), EccSignature(), TpmAlgorithm.Sha256);
    }

    private static byte[] Serialized()
    {
        byte[] file = new byte[132 + 4 + 532];
        Convert.FromHexString("020000000b000303000000000c00039030000000").CopyTo(file, 0);
        file[132] = 1;
        file[136] = 6;
        for (int i = 0; i < 6; i++)
        {
            file[140 + (66 * i)] = i < 2 ? (byte)32 : (byte)48;
        }

        return file;
    }

    private static void ReadAws(byte[] bytes)
    {
        if (bytes.AsSpan().IndexOf("\"Measurements\""u8) >= 0)
        {
            ReferenceValues.Read(ByteSource.FromMemory(bytes), "input");
        }
    }
}
