extern alias unseal;

using System.Security.Cryptography;
using Mantle.Emulator.Kms.Recipient;
using Mantle.Testing;
using Mantle.Unseal.Kms;
using Malformed = unseal::Mantle.Formats.Bytes.MalformedInputException;

namespace Mantle.Unseal.Tests.Kms;

public sealed class RecipientMessageTests : IDisposable
{
    private readonly RSA _key = RSA.Create(2048);
    private readonly byte[] _message;

    public RecipientMessageTests() => _message = RecipientEnvelope.Seal(_key.ExportSubjectPublicKeyInfo(), "the data key"u8);

    [Theory]
    [InlineData(2048, 1)]
    [InlineData(3072, 32)]
    [InlineData(4096, 4096)]
    public void A_message_opens_with_its_key(int bits, int length)
    {
        using RSA key = RSA.Create(bits);
        byte[] plaintext = RandomNumberGenerator.GetBytes(length);
        using SecretBytes opened = RecipientMessage.Read(RecipientEnvelope.Seal(key.ExportSubjectPublicKeyInfo(), plaintext)).Open(key);
        Assert.Equal(plaintext, opened.Span);
    }

    [Fact]
    public void What_openssl_makes_of_the_same_algorithms_opens()
    {
        using TemporaryFolder folder = new();
        Write(folder, out string[] arguments);
        Oracle.Succeed("openssl", ["cms", "-encrypt", "-aes256", .. arguments, "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256"]);
        using SecretBytes opened = RecipientMessage.Read(File.ReadAllBytes(folder["message"])).Open(_key);
        Assert.Equal("the data key"u8, opened.Span);
    }

    [Theory]
    [InlineData("-aes128", "oaep", "sha256")]
    [InlineData("-des3", "oaep", "sha256")]
    [InlineData("-aes256", "oaep", "sha1")]
    [InlineData("-aes256", "oaep", "sha512")]
    [InlineData("-aes256", "pkcs1", "")]
    public void Other_algorithms_are_malformed(string cipher, string padding, string hash)
    {
        using TemporaryFolder folder = new();
        Write(folder, out string[] arguments);
        string[] options = hash.Length == 0 ? [] : ["-keyopt", $"rsa_oaep_md:{hash}", "-keyopt", $"rsa_mgf1_md:{hash}"];
        Oracle.Succeed("openssl", ["cms", "-encrypt", cipher, .. arguments, "-keyopt", $"rsa_padding_mode:{padding}", .. options]);
        Assert.Throws<Malformed>(() => RecipientMessage.Read(File.ReadAllBytes(folder["message"])));
    }

    [Fact]
    public void A_message_cut_anywhere_is_malformed()
    {
        for (int length = 0; length < _message.Length; length++)
        {
            Assert.Throws<Malformed>(() => RecipientMessage.Read(_message.AsMemory(0, length)));
        }
    }

    [Fact]
    public void A_changed_bit_never_throws_anything_else_and_never_opens_unnoticed_before_the_content()
    {
        int content = _message.Length - 40;
        for (int i = 0; i < _message.Length; i++)
        {
            byte[] changed = [.. _message];
            changed[i] ^= 0x10;
            try
            {
                using SecretBytes opened = RecipientMessage.Read(changed).Open(_key);

                // The identifier of the key is not looked at, and CBC is not authenticated: KMS's TLS is.
                Assert.True(i >= content || opened.Span.SequenceEqual("the data key"u8) || opened.Length <= 16, $"offset {i}");
            }
            catch (Malformed)
            {
            }
            catch (UnsealException e)
            {
                Assert.Equal(Stage.RecipientMessage, e.Stage);
            }
        }
    }

    public void Dispose() => _key.Dispose();

    private void Write(TemporaryFolder folder, out string[] arguments)
    {
        File.WriteAllBytes(folder["plain"], "the data key"u8.ToArray());
        System.Security.Cryptography.X509Certificates.CertificateRequest request = new("CN=recipient", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new System.Security.Cryptography.X509Certificates.X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(folder["certificate"], certificate.ExportCertificatePem());
        arguments = ["-binary", "-keyid", "-outform", "DER", "-in", folder["plain"], "-out", folder["message"], "-recip", folder["certificate"]];
    }
}
