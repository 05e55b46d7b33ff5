using System.Security.Cryptography;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;
using Mantle.Measure.Release.Dsse;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Signing;

/// <summary>Keys as OpenSSL writes them; OpenSSL says whether our signatures hold.</summary>
public class KeyFileTests
{
    private const string Passphrase = "correct horse \u00e4\u00f6";

    [Theory]
    [InlineData("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", SignatureScheme.RsaPssSha256)]
    [InlineData("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", SignatureScheme.RsaPkcs1Sha256)]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", SignatureScheme.EcdsaP256Sha256)]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", SignatureScheme.EcdsaP384Sha384)]
    [InlineData("-algorithm ED25519", SignatureScheme.Ed25519)]
    public async Task Every_kind_of_key_signs_in_clear_and_encrypted(string kind, SignatureScheme scheme)
    {
        using TemporaryFolder folder = new();
        Oracle.Succeed("openssl", ["genpkey", .. kind.Split(' '), "-out", folder["key.pem"]]);
        File.WriteAllText(folder["passphrase"], Passphrase);
        Oracle.Succeed("openssl", "pkcs8", "-topk8", "-in", folder["key.pem"], "-out", folder["encrypted.pem"], "-passout", $"file:{folder["passphrase"]}");
        GivenPassphrases none = new();
        GivenPassphrases right = new(Passphrase);
        byte[] message = [.. "a message"u8];

        using ISigner clear = KeyFile.Open(folder["key.pem"], none);
        using ISigner encrypted = KeyFile.Open(folder["encrypted.pem"], right);
        Assert.Equal(0, none.Asked);
        Assert.Equal(1, right.Asked);
        Assert.Equal(clear.PublicKey.KeyId, encrypted.PublicKey.KeyId);
        AssertOpenSslVerifies(folder, message, await encrypted.SignCheckedAsync(message, scheme, CancellationToken.None), scheme);
        UserErrorException refused = Assert.Throws<UserErrorException>(() => KeyFile.Open(folder["encrypted.pem"], new GivenPassphrases("wrong")));
        Assert.Contains("cannot be decrypted", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Older_forms_and_pkcs12_are_read_and_certificates_come_along()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["passphrase"], Passphrase);
        Oracle.Succeed(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-subj", "/CN=TEST signer", "-days", "1", "-keyout", folder["key.pem"], "-out", folder["certificate.pem"]);
        Oracle.Succeed("openssl", "rsa", "-traditional", "-in", folder["key.pem"], "-out", folder["old.pem"]);
        Oracle.Succeed("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder["curve.pem"]);
        Oracle.Succeed("openssl", "ec", "-in", folder["curve.pem"], "-out", folder["old-curve.pem"]);
        Oracle.Succeed(
            "openssl", "pkcs12", "-export", "-in", folder["certificate.pem"], "-inkey", folder["key.pem"], "-out", folder["key.p12"], "-passout", $"file:{folder["passphrase"]}");
        File.WriteAllText(folder["both.pem"], File.ReadAllText(folder["certificate.pem"]) + File.ReadAllText(folder["key.pem"]));

        using ISigner old = KeyFile.Open(folder["old.pem"], new GivenPassphrases());
        using ISigner curve = KeyFile.Open(folder["old-curve.pem"], new GivenPassphrases());
        using ISigner both = KeyFile.Open(folder["both.pem"], new GivenPassphrases());
        using ISigner bag = KeyFile.Open(folder["key.p12"], new GivenPassphrases(Passphrase));
        Assert.Equal(KeyKind.EcdsaP256, curve.PublicKey.Kind);
        Assert.Equal(old.PublicKey.KeyId, bag.PublicKey.KeyId);
        Assert.Equal(Assert.Single(both.Certificates).ToArray(), Assert.Single(bag.Certificates).ToArray());
        Assert.Throws<UserErrorException>(() => KeyFile.Open(folder["key.p12"], new GivenPassphrases("wrong")));
    }

    [Theory]
    [InlineData("ed25519", "256", SignatureScheme.Ed25519)]
    [InlineData("ecdsa", "256", SignatureScheme.EcdsaP256Sha256)]
    [InlineData("ecdsa", "384", SignatureScheme.EcdsaP384Sha384)]
    [InlineData("rsa", "2048", SignatureScheme.RsaPssSha256)]
    public async Task A_key_of_openssh_signs_as_the_key_that_it_is(string type, string bits, SignatureScheme scheme)
    {
        using TemporaryFolder folder = new();
        Oracle.Succeed("ssh-keygen", "-q", "-t", type, "-b", bits, "-N", "", "-C", "somebody", "-f", folder["key"]);
        byte[] message = [.. "a message"u8];
        using ISigner signer = KeyFile.Open(folder["key"], new GivenPassphrases());
        AssertOpenSslVerifies(folder, message, await signer.SignCheckedAsync(message, scheme, CancellationToken.None), scheme, signer.PublicKey.SubjectPublicKeyInfo);
        if (type == "ed25519")
        {
            // ssh-keygen has no other form for it than its own, which ends in the key.
            byte[] blob = Convert.FromBase64String(File.ReadAllText(folder["key.pub"]).Split(' ')[1]);
            Assert.Equal(blob[^32..], signer.PublicKey.Ed25519Bytes.ToArray());
        }
        else
        {
            Assert.Equal(signer.PublicKey.KeyId, VerificationKey.FromPem(Oracle.Succeed("ssh-keygen", "-e", "-m", "PKCS8", "-f", folder["key.pub"])).KeyId);
        }
    }

    /// <summary>What the hint says is done, and then the key signs.</summary>
    [Theory]
    [InlineData("ed25519", "256", "ssh-keygen -p -N '' -f")]
    [InlineData("ecdsa", "256", "ssh-keygen -p -m PKCS8 -f")]
    [InlineData("ecdsa", "384", "ssh-keygen -p -m PKCS8 -f")]
    [InlineData("rsa", "3072", "ssh-keygen -p -m PKCS8 -f")]
    public void A_key_of_openssh_with_a_passphrase_is_refused_with_the_way_to_go_on(string type, string bits, string way)
    {
        using TemporaryFolder folder = new();
        Oracle.Succeed("ssh-keygen", "-q", "-t", type, "-b", bits, "-N", "", "-C", "somebody", "-f", folder["key"]);
        using ISigner clear = KeyFile.Open(folder["key"], new GivenPassphrases());
        Oracle.Succeed("ssh-keygen", "-q", "-p", "-N", "long enough", "-f", folder["key"]);
        GivenPassphrases given = new("long enough");
        UserErrorException refused = Assert.Throws<UserErrorException>(() => KeyFile.Open(folder["key"], given));
        Assert.Equal($"\"{folder["key"]}\" is an OpenSSH key with a passphrase, which is not understood", refused.Message);
        Assert.Contains(way, refused.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message + refused.Hint);
        Assert.Equal((ExitCode.Malformed, 0), (refused.Code, given.Asked));

        Oracle.Succeed("ssh-keygen", ["-q", "-P", "long enough", .. type == "ed25519" ? new[] { "-p", "-N", "" } : ["-p", "-m", "PKCS8", "-N", "long enough"], "-f", folder["key"]]);
        using ISigner converted = KeyFile.Open(folder["key"], given);
        Assert.Equal(clear.PublicKey.KeyId, converted.PublicKey.KeyId);
        Assert.Equal(type == "ed25519" ? 0 : 1, given.Asked);
    }

    /// <summary>docs/signing.md says how the public half of an Ed25519 key gets into a policy; ssh-keygen writes no PEM for it.</summary>
    [Fact]
    public void The_documented_command_makes_PEM_of_a_public_key_of_openssh()
    {
        using TemporaryFolder folder = new();
        Oracle.Succeed("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "somebody else", "-f", folder["id_ed25519"]);
        string text = File.ReadAllText(Repository.PathOf("docs", "signing.md"));
        int start = text.IndexOf("(printf", StringComparison.Ordinal);
        string command = text[start..text.IndexOf('\n', start)];
        string pem = Oracle.Succeed("bash", "-c", $"cd '{folder.Root}' && {command}");
        using ISigner signer = KeyFile.Open(folder["id_ed25519"], new GivenPassphrases());
        Assert.Equal(signer.PublicKey.KeyId, VerificationKey.FromPem(pem).KeyId);
    }

    [Fact]
    public void Keys_of_openssh_that_are_cut_off_or_of_another_kind_are_refused()
    {
        using TemporaryFolder folder = new();
        Oracle.Succeed("ssh-keygen", "-q", "-t", "ecdsa", "-b", "521", "-N", "", "-f", folder["large"]);
        Assert.Contains($"\"{folder["large"]}\" holds a key that does not sign here", Assert.Throws<UserErrorException>(() => KeyFile.Open(folder["large"], new GivenPassphrases())).Message, StringComparison.Ordinal);
        Oracle.Succeed("ssh-keygen", "-q", "-t", "ecdsa", "-b", "256", "-N", "", "-f", folder["clear"]);
        Oracle.Succeed("ssh-keygen", "-q", "-t", "ecdsa", "-b", "256", "-N", "long enough", "-f", folder["encrypted"]);
        foreach (string name in new[] { "clear", "encrypted" })
        {
            PemFields fields = PemEncoding.Find(File.ReadAllText(folder[name]));
            byte[] content = Convert.FromBase64String(File.ReadAllText(folder[name])[fields.Base64Data]);
            for (int length = 0; length < content.Length; length += length < 200 ? 1 : 37)
            {
                File.WriteAllText(folder["cut"], PemEncoding.WriteString("OPENSSH " + "PRIVATE " + "KEY", content.AsSpan(0, length)));
                Assert.Throws<UserErrorException>(() => KeyFile.Open(folder["cut"], new GivenPassphrases("long enough")));
            }
        }
    }

    [Fact]
    public async Task A_key_comes_out_of_a_pipe_too()
    {
        using TemporaryFolder folder = new();
        Oracle.Succeed("openssl", "genpkey", "-algorithm", "ED25519", "-out", folder["key.pem"]);
        Oracle.Succeed("mkfifo", folder["pipe"]);
        byte[] key = await File.ReadAllBytesAsync(folder["key.pem"]);
        Task writing = Task.Run(() =>
        {
            using FileStream pipe = new(folder["pipe"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            pipe.Write(key, 0, 20);
            pipe.Write(key, 20, key.Length - 20);
        });
        using ISigner fromPipe = KeyFile.Open(folder["pipe"], new GivenPassphrases());
        using ISigner fromFile = KeyFile.Open(folder["key.pem"], new GivenPassphrases());
        await writing;
        Assert.Equal(fromFile.PublicKey.KeyId, fromPipe.PublicKey.KeyId);
        await File.WriteAllBytesAsync(folder["large"], new byte[(1 << 20) + 1]);
        Assert.Contains("more than the 1,048,576 bytes", Assert.Throws<UserErrorException>(() => KeyFile.Open(folder["large"], new GivenPassphrases())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_key_is_refused_by_name_and_nothing_of_it_is_repeated()
    {
        using TemporaryFolder folder = new();
        string armour = "PRIVATE " + "KEY-----";
        foreach (string text in new[] { "", "hello", $"-----BEGIN {armour}\nSGVsbG8gc2VjcmV0\n-----END {armour}\n", "\u0030\u0082secret" })
        {
            File.WriteAllText(folder["key"], text);
            UserErrorException refused = Assert.Throws<UserErrorException>(() => KeyFile.Open(folder["key"], new GivenPassphrases("x")));
            Assert.Contains(folder["key"], refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("SGVsbG8", refused.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_key_signs_only_as_its_kind_does()
    {
        using TemporaryFolder folder = new();
        Oracle.Succeed("openssl", "genpkey", "-algorithm", "ED25519", "-out", folder["key.pem"]);
        using ISigner key = KeyFile.Open(folder["key.pem"], new GivenPassphrases());

        UserErrorException refused = await Assert.ThrowsAsync<UserErrorException>(() => key.SignCheckedAsync(new byte[1], SignatureScheme.RsaPkcs1Sha256, CancellationToken.None));
        Assert.Contains("rsa-pkcs1-sha256 is asked for", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_from_elsewhere_counts_only_if_it_holds()
    {
        using TemporaryFolder folder = new();
        Oracle.Succeed("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder["key.pem"]);
        using ISigner key = KeyFile.Open(folder["key.pem"], new GivenPassphrases());
        byte[] message = [.. "a message"u8];
        File.WriteAllBytes(folder["message"], message);
        Oracle.Succeed("openssl", "dgst", "-sha256", "-sign", folder["key.pem"], "-out", folder["raw"], folder["message"]);
        File.WriteAllText(folder["text"], Convert.ToBase64String(File.ReadAllBytes(folder["raw"]), Base64FormattingOptions.InsertLineBreaks) + "\n");
        foreach (string name in new[] { "raw", "text" })
        {
            using DetachedSigner detached = new(folder[name], key.PublicKey);
            Assert.Equal(File.ReadAllBytes(folder["raw"]), await detached.SignCheckedAsync(message, SignatureScheme.EcdsaP256Sha256, CancellationToken.None));
            UserErrorException refused = await Assert.ThrowsAsync<UserErrorException>(() => detached.SignCheckedAsync(new byte[1], SignatureScheme.EcdsaP256Sha256, CancellationToken.None));
            Assert.Equal(ExitCode.Remote, refused.Code);
        }
    }

    private static void AssertOpenSslVerifies(TemporaryFolder folder, byte[] message, byte[] signature, SignatureScheme scheme, ReadOnlyMemory<byte> publicKey = default)
    {
        File.WriteAllBytes(folder["message"], message);
        File.WriteAllBytes(folder["signature"], signature);
        if (publicKey.IsEmpty)
        {
            Oracle.Succeed("openssl", "pkey", "-in", folder["key.pem"], "-pubout", "-out", folder["public.pem"]);
        }
        else
        {
            File.WriteAllText(folder["public.pem"], PemEncoding.WriteString("PUBLIC KEY", publicKey.Span));
        }

        Oracle.Succeed("openssl", scheme switch
        {
            SignatureScheme.Ed25519 => ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", folder["public.pem"], "-in", folder["message"], "-sigfile", folder["signature"]],
            SignatureScheme.RsaPssSha256 =>
                ["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest", "-verify", folder["public.pem"], "-signature", folder["signature"], folder["message"]],
            SignatureScheme.EcdsaP384Sha384 => ["dgst", "-sha384", "-verify", folder["public.pem"], "-signature", folder["signature"], folder["message"]],
            _ => new[] { "dgst", "-sha256", "-verify", folder["public.pem"], "-signature", folder["signature"], folder["message"] },
        });
    }
}
