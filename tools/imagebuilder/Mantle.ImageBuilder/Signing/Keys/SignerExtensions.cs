using Mantle.Measure;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>Signing with whatever signer.</summary>
public static class SignerExtensions
{
    /// <summary>Signs, and verifies the signature before anybody sees it: a signer that errs, or a fault on the way, leaves nothing half-signed.</summary>
    /// <exception cref="UserErrorException">The key is of another kind, the signer refuses, or its signature does not hold.</exception>
    public static async Task<byte[]> SignCheckedAsync(this ISigner signer, ReadOnlyMemory<byte> message, SignatureScheme scheme, CancellationToken cancellation)
    {
        if (scheme.Kind() != signer.PublicKey.Kind)
        {
            throw new UserErrorException($"{signer.Name} is a key for {SignatureSchemes.Default(signer.PublicKey.Kind).Name()}, and {scheme.Name()} is asked for");
        }

        byte[] signature = await signer.SignAsync(message, scheme, cancellation).ConfigureAwait(false);
        return signer.PublicKey.Verify(message.Span, signature, scheme)
            ? signature
            : throw new UserErrorException(
                $"the signature by {signer.Name} does not hold", "sign the exact bytes that were asked for, with this key", ExitCode.Remote);
    }
}
