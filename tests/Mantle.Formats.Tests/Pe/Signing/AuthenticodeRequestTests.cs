using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Signing;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Pe.Signing;

public class AuthenticodeRequestTests
{
    [Theory]
    [InlineData(2048)]
    [InlineData(3072)]
    [InlineData(4096)]
    public void Foreign_verifiers_accept_our_signature_and_see_the_digest_unchanged(int bits)
    {
        using TestAuthority signer = new("signer", bits: bits);
        byte[] image = SyntheticPe.Kernel();
        byte[] signed = Sign(image, signer);

        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["image.efi"], image);
        File.WriteAllBytes(folder["signed.efi"], signed);
        File.WriteAllText(folder["certificate.pem"], signer.Certificate.ExportCertificatePem());
        Assert.True(signer.SbverifyAccepts(signed));
        Assert.Contains("Signature verification: ok", Osslsigncode(folder), StringComparison.Ordinal);
        Assert.Equal(PesignDigest(folder["image.efi"]), PesignDigest(folder["signed.efi"]));
        Assert.Equal(Digest(image), Digest(signed));
        Assert.Contains(Convert.ToHexStringLower(Digest(image)), PesignDigest(folder["signed.efi"]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_key_makes_the_same_bytes_and_nothing_says_when()
    {
        using TestAuthority signer = new("signer");
        byte[] signed = Sign(SyntheticPe.Kernel(), signer);

        Assert.Equal(signed, Sign(SyntheticPe.Kernel(), signer));
        byte[] signature = SignatureOf(signed, 0);
        byte[] signingTime = Convert.FromHexString("06092a864886f70d010905");
        Assert.Equal(-1, signature.AsSpan().IndexOf(signingTime));
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["signature.der"], signature);
        Assert.Contains("CN = TEST signer", Oracle.Succeed("openssl", "pkcs7", "-print_certs", "-noout", "-inform", "DER", "-in", folder["signature.der"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Signatures_are_appended_and_keep_their_order_whoever_made_them()
    {
        using TestAuthority first = new("first");
        using TestAuthority second = new("second one");
        using TestAuthority third = new("the third");
        byte[] image = first.SignBySbsign(SyntheticPe.Kernel());
        byte[] digest = Digest(image);
        byte[] three = Sign(Sign(image, second), third);

        PeImage read = PeImage.Read(SyntheticPe.Source(three));
        Assert.Equal(
            ["CN=TEST first", "CN=TEST second one", "CN=TEST the third"],
            read.Certificates.Select(certificate => AuthenticodeVerifier.CarriedChain(AuthenticodeSignature.Read(certificate.Content.ToArray()))[0].SubjectText));
        Assert.Equal(digest, Digest(three));
        Assert.All([first, second, third], signer => Assert.True(signer.SbverifyAccepts(three)));

        // At once is the same as one after the other.
        PeImage once = PeImage.Read(SyntheticPe.Source(image));
        Assert.Equal(three, CertificateTable.Append(once, Signature(once, second), Signature(once, third)).ToArray());
    }

    [Fact]
    public void A_chain_is_carried_so_that_the_authority_above_the_signer_vouches()
    {
        using TestAuthority root = new("root");
        using TestAuthority leaf = new("leaf 1", root, isAuthority: false);
        byte[] signed = Sign(SyntheticPe.Kernel(), leaf, root);
        AuthenticodeSignature signature = AuthenticodeSignature.Read(SignatureOf(signed, 0));

        Assert.Equal(2, signature.Certificates.Count);
        Assert.True(AuthenticodeVerifier.IsVouchedFor(signature, Digest(signed), SigningCertificate.Read(root.Der)));
        Assert.True(root.SbverifyAccepts(signed));
    }

    [Fact]
    public void An_image_whose_length_would_need_padding_is_refused_for_its_digest_would_change()
    {
        using TestAuthority signer = new("signer");
        byte[] odd = [.. SyntheticPe.Kernel(), 1, 2, 3];
        PeImage image = PeImage.Read(SyntheticPe.Source(odd));

        MalformedInputException refused = Assert.Throws<MalformedInputException>(() => CertificateTable.Append(image, Signature(image, signer)));
        Assert.Contains("no multiple of 8", refused.Problem, StringComparison.Ordinal);
        Assert.NotEqual(Digest(odd), Digest(signer.SignBySbsign(odd))); // what a signer that pads makes of it
    }

    [Fact]
    public void A_key_that_firmware_refuses_and_a_signature_of_another_key_are_refused()
    {
        using TestAuthority signer = new("signer");
        using TestAuthority other = new("other");
        using TestAuthority small = new("small", bits: 1024);
        using ECDsa curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=TEST curve", curve, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
        byte[] digest = new byte[32];

        Assert.Contains("no RSA key", Assert.Throws<ArgumentException>(() => AuthenticodeRequest.Create(digest, SigningCertificate.Read(certificate.RawData))).Message, StringComparison.Ordinal);
        Assert.Contains("1024 bits", Assert.Throws<ArgumentException>(() => AuthenticodeRequest.Create(digest, SigningCertificate.Read(small.Der))).Message, StringComparison.Ordinal);
        AuthenticodeRequest asked = AuthenticodeRequest.Create(digest, SigningCertificate.Read(signer.Der));
        Assert.Throws<ArgumentException>(() => asked.Complete(other.SignData(asked.ToBeSigned)));
        Assert.Throws<ArgumentException>(() => asked.Complete([]));
        Assert.Throws<MalformedInputException>(() => CertificateTable.Append(PeImage.Read(SyntheticPe.Source(SyntheticPe.Kernel())), (byte[])[1, 2, 3]));
    }

    private static byte[] Sign(byte[] image, params TestAuthority[] chain)
    {
        PeImage read = PeImage.Read(SyntheticPe.Source(image));
        return CertificateTable.Append(read, Signature(read, chain)).ToArray();
    }

    private static ReadOnlyMemory<byte> Signature(PeImage image, params TestAuthority[] chain)
    {
        AuthenticodeRequest request = AuthenticodeRequest.Create(image, [.. chain.Select(authority => SigningCertificate.Read(authority.Der))]);
        return request.Complete(chain[0].SignData(request.ToBeSigned));
    }

    private static byte[] SignatureOf(byte[] signed, int index) => PeImage.Read(SyntheticPe.Source(signed)).Certificates[index].Content.ToArray();

    private static byte[] Digest(byte[] image) => AuthenticodeDigest.Compute(PeImage.Read(SyntheticPe.Source(image)), HashAlgorithmName.SHA256)[0];

    // It judges the certificate's validity too, which here is over.
    private static string Osslsigncode(TemporaryFolder folder)
    {
        Oracle.Require("osslsigncode");
        (_, string output, string error) = Oracle.Run("osslsigncode", ["verify", "-CAfile", folder["certificate.pem"], "-time", "1590000000", "-in", folder["signed.efi"]]);
        return output + error;
    }

    private static string PesignDigest(string path) => Oracle.Succeed("pesign", "--hash", "--in", path).Trim().Split(' ')[^1];
}
