using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>
/// Whether an OpenPGP signature holds (RFC 9580, 5.2.4). RSA goes to the platform's library: BouncyCastle tests each modulus for primality when a key is
/// set up, which costs a third of a second for 4,096 bits.
/// </summary>
internal static class SignatureCheck
{
    /// <summary>Whether the hash is SHA-256 or better.</summary>
    public static bool IsStrong(HashAlgorithmTag hash) => NameOf(hash) is not null;

    /// <summary>Whether a key made a signature over data; false also when the signature's numbers don't fit the key.</summary>
    public static bool Holds(PgpSignature signature, PgpPublicKey signer, params ReadOnlySpan<byte[]> data)
    {
        if (signature.KeyId != signer.KeyId || signature.KeyAlgorithm != signer.Algorithm || NameOf(signature.HashAlgorithm) is not { } name)
        {
            return false;
        }

        try
        {
            return signer.PublicKeyPacket.Key is RsaPublicBcpgKey key ? HoldsRsa(signature, key, name, data) : HoldsOther(signature, signer, data);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return false;
        }
    }

    /// <summary>A key as it is hashed.</summary>
    public static byte[] Framed(PgpPublicKey key)
    {
        byte[] body = key.PublicKeyPacket.GetEncodedContents();
        byte[] framed = [0x99, 0, 0, .. body];
        BinaryPrimitives.WriteUInt16BigEndian(framed.AsSpan(1), checked((ushort)body.Length));
        return framed;
    }

    /// <summary>A user id as it is hashed behind its key.</summary>
    public static byte[] Framed(string userId)
    {
        byte[] body = Encoding.UTF8.GetBytes(userId);
        byte[] framed = [0xb4, 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), body.Length);
        return framed;
    }

    private static HashAlgorithmName? NameOf(HashAlgorithmTag hash) => hash switch
    {
        HashAlgorithmTag.Sha256 => HashAlgorithmName.SHA256,
        HashAlgorithmTag.Sha384 => HashAlgorithmName.SHA384,
        HashAlgorithmTag.Sha512 => HashAlgorithmName.SHA512,
        _ => null,
    };

    private static bool HoldsRsa(PgpSignature signature, RsaPublicBcpgKey key, HashAlgorithmName name, ReadOnlySpan<byte[]> data)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(name);
        foreach (byte[] part in data)
        {
            hash.AppendData(part);
        }

        hash.AppendData(signature.GetSignatureTrailer());
        byte[] modulus = key.Modulus.ToByteArrayUnsigned();
        if (modulus.Length < 256)
        {
            return false; // shorter than 2,048 bits
        }

        byte[] value = signature.GetSignature();
        byte[] padded = new byte[modulus.Length];
        value.CopyTo(padded, padded.Length - value.Length);
        using RSA rsa = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = key.PublicExponent.ToByteArrayUnsigned() });
        return rsa.VerifyHash(hash.GetHashAndReset(), padded, name, RSASignaturePadding.Pkcs1);
    }

    private static bool HoldsOther(PgpSignature signature, PgpPublicKey signer, ReadOnlySpan<byte[]> data)
    {
        signature.InitVerify(signer);
        foreach (byte[] part in data)
        {
            signature.Update(part);
        }

        return signature.Verify();
    }
}
