using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Dsse;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Release;

public sealed class VerificationKeyTests
{
    public static TheoryData<SignatureScheme> Kinds { get; } =
        [SignatureScheme.RsaPssSha256, SignatureScheme.EcdsaP256Sha256, SignatureScheme.EcdsaP384Sha384, SignatureScheme.Ed25519];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_key_id_is_what_openssl_and_sha256_make_of_it(SignatureScheme scheme)
    {
        TestSigner signer = TestSigner.Create(scheme);
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["key.pem"], signer.PublicPem);
        Oracle.Succeed("openssl", "pkey", "-pubin", "-in", folder["key.pem"], "-outform", "der", "-out", folder["key.der"]);
        byte[] der = File.ReadAllBytes(folder["key.der"]);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(der)), signer.Key.KeyId);
        Assert.Equal(signer.Key.KeyId, VerificationKey.Read(der).KeyId);
        Assert.Equal(signer.Key.KeyId, VerificationKey.FromPem(signer.PublicPem).KeyId);
    }

    [Fact]
    public void Weak_and_foreign_keys_are_refused()
    {
        using RSA small = RSA.Create(1024);
        Refused(small.ExportSubjectPublicKeyInfo(), "1024 bits");
        using ECDsa curve = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        Refused(curve.ExportSubjectPublicKeyInfo(), "neither P-256 nor P-384");
        byte[] identityPoint = new byte[32];
        identityPoint[0] = 1;
        Assert.Throws<MalformedInputException>(() => VerificationKey.FromEd25519(identityPoint));
        Refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"u8.ToArray(), "PUBLIC KEY");
    }

    [Fact]
    public void A_key_has_one_encoding()
    {
        byte[] key = TestSigner.Create(SignatureScheme.EcdsaP256Sha256).Key.SubjectPublicKeyInfo.ToArray();
        Refused([.. key, 0], "");
        byte[] rsa = TestSigner.Create(SignatureScheme.RsaPssSha256).Key.SubjectPublicKeyInfo.ToArray();

        // The parameters' NULL left out, which OpenSSL reads as the same key.
        int at = rsa.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x05, 0x00]);
        byte[] shorter = [.. rsa[..at], .. rsa[(at + 2)..]];
        shorter[3] -= 2;
        shorter[5] -= 2;
        Refused(shorter, "");
        string pem = TestSigner.Create(SignatureScheme.Ed25519).PublicPem;
        Assert.Throws<MalformedInputException>(() => VerificationKey.FromPem(pem + pem));
        Assert.Throws<MalformedInputException>(() => VerificationKey.FromPem("name: x\n" + pem));
    }

    private static void Refused(byte[] bytes, string reason) =>
        Assert.Contains(reason, Assert.Throws<MalformedInputException>(() => VerificationKey.Read(bytes)).Message, StringComparison.Ordinal);
}
