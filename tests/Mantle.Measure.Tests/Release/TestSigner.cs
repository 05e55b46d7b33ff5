using System.Security.Cryptography;
using Mantle.Measure.Release.Dsse;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Mantle.Measure.Tests.Release;

/// <summary>A key pair made for one test.</summary>
internal sealed class TestSigner
{
    private readonly Func<byte[], byte[]> _sign;

    private TestSigner(SignatureScheme scheme, byte[] subjectPublicKeyInfo, Func<byte[], byte[]> sign, string privatePem)
    {
        Scheme = scheme;
        Key = VerificationKey.FromSubjectPublicKeyInfo(subjectPublicKeyInfo);
        _sign = sign;
        PrivatePem = privatePem;
    }

    public SignatureScheme Scheme { get; }

    public VerificationKey Key { get; }

    public string PrivatePem { get; }

    public string PublicPem => PemEncoding.WriteString("PUBLIC KEY", Key.SubjectPublicKeyInfo.Span) + "\n";

    public static TestSigner Create(SignatureScheme scheme)
    {
        switch (scheme.Kind())
        {
            case KeyKind.Rsa:
                RSA rsa = RSA.Create(2048);
                RSASignaturePadding padding = scheme <= SignatureScheme.RsaPssSha512 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
                return new(scheme, rsa.ExportSubjectPublicKeyInfo(), message => rsa.SignData(message, scheme.Hash(), padding), rsa.ExportPkcs8PrivateKeyPem());
            case KeyKind.Ed25519:
                Ed25519PrivateKeyParameters secret = new(new SecureRandom());
                return new(
                    scheme,
                    VerificationKey.FromEd25519(secret.GeneratePublicKey().GetEncoded()).SubjectPublicKeyInfo.ToArray(),
                    message =>
                    {
                        byte[] signature = new byte[64];
                        secret.Sign(Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.Algorithm.Ed25519, null, message, 0, message.Length, signature, 0);
                        return signature;
                    },
                    PemEncoding.WriteString("PRIVATE KEY", Org.BouncyCastle.Pkcs.PrivateKeyInfoFactory.CreatePrivateKeyInfo(secret).GetDerEncoded()));
            default:
                ECDsa ecdsa = ECDsa.Create(scheme == SignatureScheme.EcdsaP256Sha256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384);
                return new(
                    scheme,
                    ecdsa.ExportSubjectPublicKeyInfo(),
                    message => ecdsa.SignData(message, scheme.Hash(), DSASignatureFormat.Rfc3279DerSequence),
                    ecdsa.ExportPkcs8PrivateKeyPem());
        }
    }

    public byte[] Sign(byte[] message) => _sign(message);

    public DsseEnvelope Sign(DsseEnvelope envelope) => envelope.With(new(Key.KeyId, Sign(envelope.PreAuthenticationEncoding())));
}
