using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Dsse;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Release;

public sealed class DsseEnvelopeTests
{
    private static readonly byte[] s_payload = "hello world"u8.ToArray();

    public static TheoryData<SignatureScheme> Schemes { get; } = [.. Enum.GetValues<SignatureScheme>()];

    [Fact]
    public void The_protocols_own_vector_verifies()
    {
        using JsonDocument vector = JsonDocument.Parse(File.ReadAllBytes(Testing.Repository.SharedVector("release/dsse-protocol-vector.json")));
        string Text(string name) => vector.RootElement.GetProperty(name).GetString()!;
        byte[] payload = Convert.FromBase64String(Text("payload"));
        byte[] encoding = DsseEnvelope.PreAuthenticationEncoding(Text("payloadType"), payload);
        Assert.Equal(Text("_pae"), Encoding.UTF8.GetString(encoding));

        using ECDsa ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new() { X = Coordinate(Text("_x")), Y = Coordinate(Text("_y")) },
        });
        VerificationKey key = VerificationKey.Read(ecdsa.ExportSubjectPublicKeyInfo());
        byte[] concatenated = vector.RootElement.GetProperty("signatures")[0].GetProperty("sig").GetBytesFromBase64();

        // The vector's r and s stand side by side; everybody else writes them in DER, and so do we.
        Assert.True(ecdsa.VerifyData(encoding, concatenated, HashAlgorithmName.SHA256));
        Assert.False(key.Verify(encoding, concatenated, SignatureScheme.EcdsaP256Sha256));
        DsseEnvelope envelope = DsseEnvelope.Create(Text("payloadType"), payload).With(new(key.KeyId, ToDer(concatenated)));
        Assert.True(envelope.IsSignedBy(key, SignatureScheme.EcdsaP256Sha256));
        Assert.True(DsseEnvelope.Read(envelope.ToArray()).IsSignedBy(key, SignatureScheme.EcdsaP256Sha256));
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void A_signature_holds_for_its_key_scheme_type_and_payload_only(SignatureScheme scheme)
    {
        TestSigner signer = TestSigner.Create(scheme);
        DsseEnvelope envelope = DsseEnvelope.Read(signer.Sign(DsseEnvelope.Create("text/plain", s_payload)).ToArray());
        Assert.True(envelope.IsSignedBy(signer.Key, scheme));
        foreach (SignatureScheme other in Enum.GetValues<SignatureScheme>().Where(other => other != scheme))
        {
            Assert.False(envelope.IsSignedBy(signer.Key, other));
        }

        DsseSignature signature = envelope.Signatures[0];
        Assert.False(DsseEnvelope.Create("text/html", s_payload).With(signature).IsSignedBy(signer.Key, scheme));
        Assert.False(DsseEnvelope.Create("text/plain", "hello worlD"u8.ToArray()).With(signature).IsSignedBy(signer.Key, scheme));
        byte[] changed = signature.Signature.ToArray();
        changed[^1] ^= 1;
        Assert.False(envelope.With(signature with { Signature = changed }).IsSignedBy(signer.Key, scheme));
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void Openssl_verifies_what_is_signed(SignatureScheme scheme)
    {
        TestSigner signer = TestSigner.Create(scheme);
        DsseEnvelope envelope = signer.Sign(DsseEnvelope.Create("text/plain", s_payload));
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["key.pem"], signer.PublicPem);
        File.WriteAllBytes(folder["pae"], envelope.PreAuthenticationEncoding());
        File.WriteAllBytes(folder["sig"], envelope.Signatures[0].Signature.ToArray());
        string hash = $"-{scheme.Hash().Name!.ToLowerInvariant()}";
        string[] arguments = scheme.Kind() == KeyKind.Ed25519
            ? ["pkeyutl", "-verify", "-pubin", "-inkey", folder["key.pem"], "-rawin", "-in", folder["pae"], "-sigfile", folder["sig"]]
            : scheme.Name().StartsWith("rsa-pss", StringComparison.Ordinal)
                ? ["dgst", hash, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest", "-verify", folder["key.pem"], "-signature", folder["sig"], folder["pae"]]
                : ["dgst", hash, "-verify", folder["key.pem"], "-signature", folder["sig"], folder["pae"]];
        Oracle.Succeed("openssl", arguments);
    }

    [Fact]
    public void The_order_of_signing_does_not_show()
    {
        TestSigner[] signers = [TestSigner.Create(SignatureScheme.Ed25519), TestSigner.Create(SignatureScheme.RsaPkcs1Sha256), TestSigner.Create(SignatureScheme.Ed25519)];
        DsseEnvelope unsigned = DsseEnvelope.Create("text/plain", s_payload);
        byte[] forwards = signers.Aggregate(unsigned, (envelope, signer) => signer.Sign(envelope)).ToArray();
        byte[] backwards = signers.Reverse().Aggregate(unsigned, (envelope, signer) => signer.Sign(envelope)).ToArray();
        Assert.Equal(forwards, backwards);
        Assert.Equal(forwards, signers[2].Sign(unsigned).Merge(signers[0].Sign(unsigned)).Merge(signers[1].Sign(unsigned)).ToArray());
        Assert.Throws<ArgumentException>(() => unsigned.Merge(DsseEnvelope.Create("text/plain", default)));
    }

    [Fact]
    public void A_second_signature_of_a_key_takes_the_place_of_the_first()
    {
        TestSigner signer = TestSigner.Create(SignatureScheme.RsaPssSha256);
        DsseEnvelope once = signer.Sign(DsseEnvelope.Create("text/plain", s_payload));
        DsseEnvelope twice = signer.Sign(once);
        Assert.NotEqual(once.Sha256, twice.Sha256);
        Assert.Single(twice.Signatures);
    }

    [Fact]
    public void An_envelope_has_one_encoding()
    {
        string good = Encoding.UTF8.GetString(TwoSignatures().ToArray());
        Assert.Equal(good, Encoding.UTF8.GetString(DsseEnvelope.Read(Encoding.UTF8.GetBytes(good)).ToArray()));
        string[] ids = [.. TwoSignatures().Signatures.Select(signature => signature.KeyId)];
        foreach ((string from, string to, string reason) in new[]
        {
            ("\"payload\": ", "\"payload\" : ", "canonical"),
            ("aGVsbG8gd29ybGQ=", "aGVsbG8gd29ybGQ", "base64"),
            ("aGVsbG8gd29ybGQ=", "aGVsbG8gd29ybGR=", "base64"),
            ("aGVsbG8gd29ybGQ=", "aGVsbG8g\\nd29ybGQ=", "base64"),
            ("aGVsbG8gd29ybGQ=", "aGVsbG8gd29ybG\\u0051=", "canonical"),
            ("text/plain", "text\\/plain", "canonical"),
            ("text/plain", "text plain", "printable"),
            ("\"payloadType\"", "\"payload\": \"\",\n  \"payloadType\"", "twice"),
            ("\"payloadType\"", "\"x\": 1,\n  \"payloadType\"", "not known"),
            ("\"payloadType\"", "\"PayloadType\"", "lacks"),
            ("\"sig\"", "\"alg\": \"none\",\n      \"sig\"", "not known"),
            (ids[1], ids[0], "twice"),
            (ids[0], "ff" + ids[0][2..], "sorted"),
            (ids[0], ids[0].ToUpperInvariant(), "lower-case"),
            ("AAAA", "", "0 bytes"),
            ("]\n}\n", "]\n}", "canonical"),
            ("]\n}\n", "]\n}\n\n", "canonical"),
            ("]\n}\n", "]\n}\n{}", "after"),
        })
        {
            string bad = good.Replace(from, to, StringComparison.Ordinal);
            Assert.NotEqual(good, bad);
            Assert.Contains(reason, Assert.Throws<MalformedInputException>(() => DsseEnvelope.Read(Encoding.UTF8.GetBytes(bad))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_cut_off_or_changed_is_refused_or_another_envelope()
    {
        byte[] good = TwoSignatures().ToArray();
        for (int length = 0; length < good.Length; length++)
        {
            Assert.Throws<MalformedInputException>(() => DsseEnvelope.Read(good.AsMemory(0, length)));
        }

        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] changed = [.. good];
            changed[at] = value;
            try
            {
                Assert.Equal(changed, DsseEnvelope.Read(changed).ToArray());
            }
            catch (MalformedInputException)
            {
            }
        });
    }

    private static DsseEnvelope TwoSignatures() => DsseEnvelope.Create("text/plain", s_payload)
        .With(new(new string('a', 64), new byte[3])).With(new("b1" + new string('c', 62), new byte[] { 1, 2, 3 }));

    private static byte[] Coordinate(string text) => BigInteger.Parse(text, System.Globalization.CultureInfo.InvariantCulture).ToByteArray(isUnsigned: true, isBigEndian: true);

    private static byte[] ToDer(byte[] concatenated)
    {
        System.Formats.Asn1.AsnWriter writer = new(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(new BigInteger(concatenated.AsSpan(0, 32), isUnsigned: true, isBigEndian: true));
            writer.WriteInteger(new BigInteger(concatenated.AsSpan(32), isUnsigned: true, isBigEndian: true));
        }

        return writer.Encode();
    }
}
