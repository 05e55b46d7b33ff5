using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>The signatures on a key itself (RFC 9580, 5.2.1): which are valid, and what they say about expiry and purpose.</summary>
internal static class KeySignatures
{
    /// <summary>Whether the hash is SHA-256 or better.</summary>
    public static bool IsStrong(HashAlgorithmTag hash) => hash is HashAlgorithmTag.Sha256 or HashAlgorithmTag.Sha384 or HashAlgorithmTag.Sha512
        or HashAlgorithmTag.Sha3_256 or HashAlgorithmTag.Sha3_512;

    /// <summary>The key's signatures of a type.</summary>
    public static IEnumerable<PgpSignature> OfType(PgpPublicKey key, int type) => key.GetSignatures().Where(signature => signature.SignatureType == type);

    /// <summary>Whether a signature of a key holds; a malformed one does not.</summary>
    public static bool Verifies(PgpSignature signature, PgpPublicKey signer, Func<bool> verify)
    {
        if (signature.KeyId != signer.KeyId)
        {
            return false;
        }

        try
        {
            signature.InitVerify(signer);
            return verify();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return false;
        }
    }

    /// <summary>The newest valid signature of a primary key on one of its user ids or on itself, or null.</summary>
    public static PgpSignature? NewestSelfSignature(PgpPublicKey primary)
    {
        PgpSignature? newest = null;
        foreach (string id in primary.GetUserIds())
        {
            foreach (PgpSignature signature in primary.GetSignaturesForId(id))
            {
                if (signature.IsCertification() && IsStrong(signature.HashAlgorithm) && Verifies(signature, primary, () => signature.VerifyCertification(id, primary)))
                {
                    newest = Newer(newest, signature);
                }
            }
        }

        foreach (PgpSignature signature in OfType(primary, PgpSignature.DirectKey))
        {
            if (IsStrong(signature.HashAlgorithm) && Verifies(signature, primary, () => signature.VerifyCertification(primary)))
            {
                newest = Newer(newest, signature);
            }
        }

        return newest;
    }

    /// <summary>The newest valid binding of a subkey that is made for signing and has signed its primary key in return, or null.</summary>
    public static PgpSignature? NewestBinding(PgpPublicKey primary, PgpPublicKey subkey)
    {
        PgpSignature? newest = null;
        foreach (PgpSignature binding in OfType(subkey, PgpSignature.SubkeyBinding))
        {
            if (IsStrong(binding.HashAlgorithm) && Verifies(binding, primary, () => binding.VerifyCertification(primary, subkey)))
            {
                newest = Newer(newest, binding);
            }
        }

        return newest is not null && MaySign(newest, whenUnsaid: false) && IsBoundBack(newest, primary, subkey) ? newest : null;
    }

    /// <summary>When a key expires by one of its signatures, or null.</summary>
    public static DateTime? Expiry(PgpPublicKey key, PgpSignature signature)
    {
        long seconds = signature.GetHashedSubPackets()?.GetKeyExpirationTime() ?? 0;
        return seconds > 0 ? key.CreationTime.AddSeconds(seconds) : null;
    }

    /// <summary>Whether a key's flags allow it to sign data.</summary>
    /// <param name="signature">The signature that carries the flags.</param>
    /// <param name="whenUnsaid">The answer for a signature without flags.</param>
    public static bool MaySign(PgpSignature signature, bool whenUnsaid)
    {
        PgpSignatureSubpacketVector? packets = signature.GetHashedSubPackets();
        return packets is null || !packets.HasSubpacket(SignatureSubpacketTag.KeyFlags)
            ? whenUnsaid
            : (packets.GetKeyFlags() & PgpKeyFlags.CanSign) != 0;
    }

    // RFC 9580, 5.2.3.34: without the subkey's own signature anybody could claim somebody else's signing key.
    private static bool IsBoundBack(PgpSignature binding, PgpPublicKey primary, PgpPublicKey subkey)
    {
        foreach (PgpSignatureSubpacketVector? packets in (PgpSignatureSubpacketVector?[])[binding.GetHashedSubPackets(), binding.GetUnhashedSubPackets()])
        {
            if (packets is null || !packets.HasSubpacket(SignatureSubpacketTag.EmbeddedSignature))
            {
                continue;
            }

            PgpSignatureList list = packets.GetEmbeddedSignatures();
            for (int i = 0; i < list.Count; i++)
            {
                PgpSignature embedded = list[i];
                if (embedded.SignatureType == PgpSignature.PrimaryKeyBinding && IsStrong(embedded.HashAlgorithm)
                    && Verifies(embedded, subkey, () => embedded.VerifyCertification(primary, subkey)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static PgpSignature Newer(PgpSignature? known, PgpSignature candidate) =>
        known is null || candidate.CreationTime > known.CreationTime ? candidate : known;
}
