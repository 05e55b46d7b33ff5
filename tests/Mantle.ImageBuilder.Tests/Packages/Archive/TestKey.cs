using System.Security.Cryptography;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Mantle.ImageBuilder.Tests.Packages.Archive;

/// <summary>An OpenPGP key made at run time: a primary key, and optionally a signing subkey as the archive's keys have.</summary>
internal sealed class TestKey
{
    private readonly PgpKeyPair _primary;
    private readonly PgpKeyPair _signer;
    private readonly PgpSignatureSubpacketVector? _primaryPackets;
    private readonly bool _boundBack;

    public TestKey(
        string owner = "Test Archive <archive@invalid>", bool rsa = false, bool subkey = false, DateTime? created = null, TimeSpan? lifetime = null,
        bool signs = true, bool boundBack = true, HashAlgorithmTag selfHash = HashAlgorithmTag.Sha512)
    {
        Owner = owner;
        Created = created ?? new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        _boundBack = boundBack;
        _primary = MakePair(rsa, Created);
        PgpSignatureSubpacketGenerator packets = new();
        packets.SetKeyFlags(false, signs ? PgpKeyFlags.CanSign | PgpKeyFlags.CanCertify : PgpKeyFlags.CanCertify);
        if (lifetime is { } time)
        {
            packets.SetKeyExpirationTime(false, (long)time.TotalSeconds);
        }

        _primaryPackets = packets.Generate();
        PgpKeyRingGenerator generator = new(
            PgpSignature.PositiveCertification, _primary, owner, SymmetricKeyAlgorithmTag.Null, selfHash, false, (char[]?)null, false, _primaryPackets, null, new SecureRandom());
        _signer = _primary;
        if (subkey)
        {
            _signer = MakePair(rsa, Created);
            PgpSignatureSubpacketGenerator subkeyPackets = new();
            subkeyPackets.SetKeyFlags(false, PgpKeyFlags.CanSign);
            if (_boundBack)
            {
                generator.AddSubKey(_signer, subkeyPackets.Generate(), null, HashAlgorithmTag.Sha512, HashAlgorithmTag.Sha512);
            }
            else
            {
                generator.AddSubKey(_signer, subkeyPackets.Generate(), null, HashAlgorithmTag.Sha512);
            }
        }

        Ring = generator.GeneratePublicKeyRing();
    }

    public string Owner { get; }

    public DateTime Created { get; }

    public PgpPublicKeyRing Ring { get; private set; }

    public string Fingerprint => Convert.ToHexString(Ring.GetPublicKey().GetFingerprint());

    /// <summary>Revokes the primary key.</summary>
    public void Revoke()
    {
        PgpSignatureGenerator generator = new(_primary.PublicKey.Algorithm, HashAlgorithmTag.Sha512);
        generator.InitSign(PgpSignature.KeyRevocation, _primary.PrivateKey);
        PgpPublicKey revoked = PgpPublicKey.AddCertification(Ring.GetPublicKey(), generator.GenerateCertification(Ring.GetPublicKey()));
        Ring = PgpPublicKeyRing.InsertPublicKey(Ring, revoked);
    }

    public void WriteTo(string folder, string name = "test.gpg")
    {
        Directory.CreateDirectory(folder);
        using MemoryStream stream = new();
        if (name.EndsWith(".asc", StringComparison.Ordinal))
        {
            using ArmoredOutputStream armored = new(stream);
            Ring.Encode(armored);
        }
        else
        {
            Ring.Encode(stream);
        }

        File.WriteAllBytes(Path.Combine(folder, name), stream.ToArray());
    }

    /// <summary>A clear-signed text with the signatures of several keys.</summary>
    public static string ClearSign(string text, DateTime time, HashAlgorithmTag hash, params TestKey[] keys)
    {
        using MemoryStream packets = new();
        string canonical = string.Join("\r\n", text.TrimEnd('\n').Split('\n').Select(line => line.TrimEnd(' ', '\t')));
        foreach (TestKey key in keys)
        {
            PgpSignatureGenerator generator = new(key._signer.PublicKey.Algorithm, hash);
            generator.InitSign(PgpSignature.CanonicalTextDocument, key._signer.PrivateKey);
            PgpSignatureSubpacketGenerator hashed = new();
            hashed.SetSignatureCreationTime(false, time);
            hashed.SetIssuerFingerprint(false, key._signer.PublicKey);
            generator.SetHashedSubpackets(hashed.Generate());
            generator.Update(System.Text.Encoding.UTF8.GetBytes(canonical));
            generator.Generate().Encode(packets);
        }

        using MemoryStream armor = new();
        using (ArmoredOutputStream armored = new(armor))
        {
            packets.WriteTo(armored);
        }

        string signature = System.Text.Encoding.ASCII.GetString(armor.ToArray()).Replace("\r\n", "\n", StringComparison.Ordinal)
            .Replace("PGP MESSAGE", "PGP SIGNATURE", StringComparison.Ordinal);
        string escaped = string.Join('\n', text.TrimEnd('\n').Split('\n').Select(line => line.StartsWith('-') ? "- " + line : line));
        return $"-----BEGIN PGP SIGNED MESSAGE-----\nHash: {hash.ToString().ToUpperInvariant()}\n\n{escaped}\n{signature.TrimEnd('\n')}\n";
    }

    private static PgpKeyPair MakePair(bool rsa, DateTime created)
    {
        if (rsa)
        {
            using RSA key = RSA.Create(2048); // the platform makes one far faster
            return new PgpKeyPair(PublicKeyAlgorithmTag.RsaGeneral, DotNetUtilities.GetRsaKeyPair(key), created);
        }

        Ed25519KeyPairGenerator generator = new();
        generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        AsymmetricCipherKeyPair pair = generator.GenerateKeyPair();
        return new PgpKeyPair(PublicKeyAlgorithmTag.EdDsa_Legacy, pair, created);
    }
}
