using Mantle.Formats.Pe.Signing;
using Mantle.ImageBuilder.Signing.Identities;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>The Authenticode signatures of a UKI by keys of an identity.</summary>
internal static class BootSignatures
{
    /// <summary>Signs, one key after the other. Nothing is written; a key that fails leaves nothing behind.</summary>
    public static async Task<ReadOnlyMemory<byte>[]> SignAsync(byte[] imageDigest, SecureBootIdentity identity, IReadOnlyList<ISigner> keys, CancellationToken cancellation)
    {
        List<ReadOnlyMemory<byte>> signatures = [];
        foreach (ISigner key in keys)
        {
            AuthenticodeRequest request = Request(imageDigest, ChainOf(identity, key));
            signatures.Add(request.Complete(await key.SignCheckedAsync(request.ToBeSigned, SignatureScheme.RsaPkcs1Sha256, cancellation).ConfigureAwait(false)));
        }

        return [.. signatures];
    }

    /// <summary>What a certificate's key would have to sign.</summary>
    public static AuthenticodeRequest Request(byte[] imageDigest, params IReadOnlyList<SigningCertificate> chain)
    {
        try
        {
            return AuthenticodeRequest.Create(imageDigest, chain);
        }
        catch (ArgumentException problem)
        {
            throw new UserErrorException(problem.Message.Split(" (Parameter", 2)[0], "firmware takes RSA keys of 2048 to 4096 bits");
        }
    }

    /// <summary>
    /// The key's certificate and those above it up to one of db, which is embedded too: EC2's own tool finds the authority among the embedded certificates only.
    /// </summary>
    private static SigningCertificate[] ChainOf(SecureBootIdentity identity, ISigner key)
    {
        SigningCertificate[] carried = [.. key.Certificates.Select(SigningCertificate.Read)];
        SigningCertificate[] known = [.. identity.Allowed, .. carried];
        SigningCertificate? next = known.FirstOrDefault(certificate => certificate.PublicKey.Span.SequenceEqual(key.PublicKey.SubjectPublicKeyInfo.Span));
        List<SigningCertificate> chain = [];
        while (next is not null && !chain.Contains(next))
        {
            chain.Add(next);
            if (identity.Allowed.Contains(next))
            {
                return [.. chain];
            }

            SigningCertificate below = next;
            next = known.FirstOrDefault(certificate => certificate.Subject.Span.SequenceEqual(below.Issuer.Span));
        }

        throw new UserErrorException(
            $"no certificate in the identity's db is that of {key.Name}, nor above it", "sign with a key of this identity; \"imagebuilder identity show\" prints its key ids");
    }
}
