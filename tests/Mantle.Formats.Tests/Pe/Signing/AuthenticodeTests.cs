using System.Security.Cryptography;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Signing;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Pe.Signing;

public class AuthenticodeTests
{
    [Fact]
    public void A_foreign_signed_image_is_vouched_for_by_the_certificate_that_it_carries()
    {
        PeImage image = PeImage.Read(ByteSource.FromMemory(File.ReadAllBytes(Repository.SharedVector("authenticode/tiny64.signed.efi"))));
        AuthenticodeSignature signature = AuthenticodeSignature.Read(Assert.Single(image.Certificates).Content.ToArray());

        Assert.Equal(HashAlgorithmName.SHA256, signature.DigestAlgorithm);
        Assert.Equal("a82d7e4f091c44ec75d97746b3461c8ea9151e2313f8e9a4330432ee5f25b2ae", Convert.ToHexStringLower(signature.ImageDigest.Span));
        Assert.True(AuthenticodeVerifier.IsVouchedFor(signature, signature.ImageDigest.Span, signature.Certificates[0]));
        Assert.False(AuthenticodeVerifier.IsVouchedFor(signature, new byte[32], signature.Certificates[0]));
    }

    [Fact]
    public void A_signature_with_nothing_but_what_the_format_asks_for_is_understood()
    {
        using TestAuthority signer = new("signer");
        byte[] digest = SHA256.HashData("an image"u8);
        AuthenticodeSignature signature = AuthenticodeSignature.Read(signer.Sign(digest));

        Assert.True(AuthenticodeVerifier.IsVouchedFor(signature, digest, SigningCertificate.Read(signer.Der)));
        Assert.Equal("CN=TEST signer", Assert.Single(AuthenticodeVerifier.CarriedChain(signature)).SubjectText);
    }

    [Fact]
    public void A_chain_counts_only_through_authorities_and_within_their_path_length()
    {
        using TestAuthority root = new("root");
        using TestAuthority narrow = new("narrow root", pathLength: 0);
        using TestAuthority middle = new("middle", root);
        using TestAuthority narrowMiddle = new("narrow middle", narrow);
        using TestAuthority notAnAuthority = new("not an authority", root, isAuthority: false);
        byte[] image = SyntheticPe.Kernel();

        Assert.True(Agrees(new("leaf 1", middle, isAuthority: false), root, middle));
        Assert.False(Agrees(new("leaf 22", middle, isAuthority: false), root));
        Assert.False(Agrees(new("leaf 333", narrowMiddle, isAuthority: false), narrow, narrowMiddle));
        Assert.False(Agrees(new("leaf 4444", notAnAuthority, isAuthority: false), root, notAnAuthority));

        bool Agrees(TestAuthority leaf, TestAuthority trusted, params TestAuthority[] carried)
        {
            using (leaf)
            {
                byte[] signed = leaf.SignBySbsign(image, carried);
                bool ours = Vouches(signed, trusted.Der);
                Assert.Equal(trusted.SbverifyAccepts(signed), ours);
                Assert.True(Vouches(signed, leaf.Der));
                return ours;
            }
        }
    }

    [Theory]
    [InlineData("sha1")]
    [InlineData("sha256")]
    [InlineData("sha384")]
    [InlineData("sha512")]
    public void Every_digest_that_firmware_knows_is_understood(string digest)
    {
        using TestAuthority signer = new("signer");
        Assert.True(Vouches(signer.SignByOsslsigncode(SyntheticPe.Kernel(), digest), signer.Der));
    }

    [Fact]
    public void Bytes_that_are_no_signature_are_malformed_and_a_changed_one_vouches_for_nothing_else()
    {
        using TestAuthority signer = new("signer");
        PeImage image = PeImage.Read(SyntheticPe.Source(signer.SignBySbsign(SyntheticPe.Kernel())));
        byte[] signature = image.Certificates[0].Content.ToArray();
        SigningCertificate certificate = SigningCertificate.Read(signer.Der);
        byte[] digest = AuthenticodeDigest.Compute(image, HashAlgorithmName.SHA256)[0];

        Assert.Contains("are no padding", Assert.Throws<MalformedInputException>(() => AuthenticodeSignature.Read((byte[])[.. signature, 1])).Problem, StringComparison.Ordinal);
        Assert.Contains("are no padding", Assert.Throws<MalformedInputException>(() => AuthenticodeSignature.Read((byte[])[.. signature, .. new byte[8]])).Problem, StringComparison.Ordinal);
        for (int length = 0; length < signature.Length - 7; length++)
        {
            Assert.Throws<MalformedInputException>(() => AuthenticodeSignature.Read(signature.AsMemory(0, length)));
        }

        Gen.Select(Gen.Int[0, signature.Length - 1], Gen.Int[0, 7]).Sample(change =>
        {
            byte[] changed = [.. signature];
            changed[change.Item1] ^= (byte)(1 << change.Item2);
            try
            {
                AuthenticodeSignature read = AuthenticodeSignature.Read(changed);
                Assert.False(AuthenticodeVerifier.IsVouchedFor(read, [.. digest.Select(value => (byte)(value ^ 0xff))], certificate));
            }
            catch (MalformedInputException)
            {
                // The one exception that the reader has for bad bytes.
            }
        }, iter: 2000);
    }

    private static bool Vouches(byte[] signed, byte[] certificate)
    {
        PeImage image = PeImage.Read(SyntheticPe.Source(signed));
        AuthenticodeSignature signature = AuthenticodeSignature.Read(image.Certificates[0].Content.ToArray());
        return AuthenticodeVerifier.IsVouchedFor(
            signature, AuthenticodeDigest.Compute(image, signature.DigestAlgorithm)[0], SigningCertificate.Read(certificate));
    }
}
