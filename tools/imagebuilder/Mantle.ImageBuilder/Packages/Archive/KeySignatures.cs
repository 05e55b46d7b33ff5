using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>The signatures on a key itself (RFC 9580, 5.2.1): which are valid, and what they say about expiry and purpose.</summary>
internal static class KeySignatures
{
    /// <summary>The key's signatures of a type.</summary>
    public static IEnumerable<PgpSignature> OfType(PgpPublicKey key, int type) => key.GetSignatures().Where(signature => signature.SignatureType == type);

    /// <summary>
    /// The newest valid signature of a primary key on itself and the newest on one of its user ids, newer first. Either may carry what the other leaves
    /// unsaid: keys made by Sequoia, as Debian's, have the expiry in the first.
    /// </summary>
    public static IReadOnlyList<PgpSignature> SelfSignatures(PgpPublicKey primary)
    {
        PgpSignature? direct = null;
        PgpSignature? onUserId = null;
        foreach (PgpSignature signature in OfType(primary, PgpSignature.DirectKey))
        {
            if (SignatureCheck.Holds(signature, primary, SignatureCheck.Framed(primary)))
            {
                direct = Newer(direct, signature);
            }
        }

        foreach (string id in primary.GetUserIds())
        {
            foreach (PgpSignature signature in primary.GetSignaturesForId(id))
            {
                if (signature.IsCertification() && SignatureCheck.Holds(signature, primary, SignatureCheck.Framed(primary), SignatureCheck.Framed(id)))
                {
                    onUserId = Newer(onUserId, signature);
                }
            }
        }

        return [.. new[] { onUserId, direct }.OfType<PgpSignature>().OrderByDescending(signature => signature.CreationTime)];
    }

    /// <summary>The newest valid binding of a subkey that is made for signing and has signed its primary key in return, or null.</summary>
    public static PgpSignature? NewestBinding(PgpPublicKey primary, PgpPublicKey subkey)
    {
        PgpSignature? newest = null;
        foreach (PgpSignature binding in OfType(subkey, PgpSignature.SubkeyBinding))
        {
            if (SignatureCheck.Holds(binding, primary, SignatureCheck.Framed(primary), SignatureCheck.Framed(subkey)))
            {
                newest = Newer(newest, binding);
            }
        }

        return newest is not null && MaySign(newest) == true && IsBoundBack(newest, primary, subkey) ? newest : null;
    }

    /// <summary>When a key expires by the first of its signatures that says so, or null.</summary>
    public static DateTime? Expiry(PgpPublicKey key, params IEnumerable<PgpSignature> signatures)
    {
        long seconds = signatures.Select(signature => signature.GetHashedSubPackets()?.GetKeyExpirationTime() ?? 0).FirstOrDefault(seconds => seconds > 0);
        return seconds > 0 ? key.CreationTime.AddSeconds(seconds) : null;
    }

    /// <summary>Whether the first of a key's signatures that carries flags allows it to sign data; null when none does.</summary>
    public static bool? MaySign(params IEnumerable<PgpSignature> signatures) => signatures
        .Select(signature => signature.GetHashedSubPackets())
        .Where(packets => packets?.HasSubpacket(SignatureSubpacketTag.KeyFlags) == true)
        .Select(packets => (bool?)((packets!.GetKeyFlags() & PgpKeyFlags.CanSign) != 0))
        .FirstOrDefault();

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
                if (embedded.SignatureType == PgpSignature.PrimaryKeyBinding
                    && SignatureCheck.Holds(embedded, subkey, SignatureCheck.Framed(primary), SignatureCheck.Framed(subkey)))
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
