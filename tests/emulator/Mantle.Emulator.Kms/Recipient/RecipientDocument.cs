using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;

namespace Mantle.Emulator.Kms.Recipient;

/// <summary>
/// The attestation document of a request's Recipient, verified to one of the roots that the emulator was given
/// (KMS Developer Guide, "Cryptographic attestation support in AWS KMS").
/// </summary>
public sealed class RecipientDocument
{
    private RecipientDocument(AttestationDocument content) => Content = content;

    /// <summary>What it says; verified.</summary>
    public AttestationDocument Content { get; }

    /// <summary>The RSA key to which the answer is encrypted, SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> PublicKey => Content.PublicKey!.Value;

    /// <summary>Verifies a document.</summary>
    /// <param name="bytes">COSE_Sign1.</param>
    /// <param name="roots">Root certificates, DER. No other is trusted, AWS's neither.</param>
    /// <param name="now">The time at which the certificates have to be valid.</param>
    /// <exception cref="KmsErrorException">ValidationException. AWS documents no error of its own for a document that does not verify.</exception>
    public static RecipientDocument Verify(byte[] bytes, IReadOnlyList<byte[]> roots, DateTimeOffset now)
    {
        SignedAttestationDocument document;
        try
        {
            document = SignedAttestationDocument.Read(bytes);
        }
        catch (MalformedInputException e)
        {
            throw Invalid($"it cannot be read ({e.Problem})");
        }

        AttestationDocument content = document.UnverifiedContent;
        using X509Certificate2 leaf = Load(content.Certificate.Span);
        X509Certificate2[] bundle = [.. content.CaBundle.Select(der => Load(der.Span))];
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        foreach (byte[] root in roots)
        {
            chain.ChainPolicy.CustomTrustStore.Add(Load(root));
        }

        chain.ChainPolicy.ExtraStore.AddRange(bundle[1..]);
        if (roots.Count == 0 || !chain.Build(leaf))
        {
            throw Invalid("its certificates lead to no trusted root, or are not valid now");
        }

        using ECDsa? key = leaf.GetECDsaPublicKey();
        CoseSign1 envelope = document.Envelope;
        if (key is null || envelope.Algorithm != CoseAlgorithm.Es384
            || !key.VerifyData(envelope.ToBeSigned(), envelope.Signature.Span, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
        {
            throw Invalid("its signature is wrong");
        }

        return content.PublicKey is null ? throw Invalid("it has no public key") : new(content);
    }

    /// <summary>The condition keys of the document, by its kind (Service Authorization Reference, kms:RecipientAttestation:…).</summary>
    public IEnumerable<KeyValuePair<string, string[]>> ConditionKeys()
    {
        foreach ((int index, ReadOnlyMemory<byte> value) in Content.Pcrs)
        {
            string hex = Convert.ToHexStringLower(value.Span), number = index.ToString(CultureInfo.InvariantCulture);
            if (Content.Kind == AttestationKind.NitroTpm)
            {
                yield return KeyValuePair.Create("kms:RecipientAttestation:NitroTPMPCR" + number, new[] { hex });
                continue;
            }

            yield return KeyValuePair.Create("kms:RecipientAttestation:PCR" + number, new[] { hex });
            if (index == 0)
            {
                yield return KeyValuePair.Create("kms:RecipientAttestation:ImageSha384", new[] { hex });
            }
        }
    }

    private static X509Certificate2 Load(ReadOnlySpan<byte> der)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(der);
        }
        catch (CryptographicException)
        {
            throw Invalid("a certificate cannot be read");
        }
    }

    private static KmsErrorException Invalid(string why) => KmsErrorException.Validation($"The attestation document is invalid: {why}.");
}
