using Mantle.Measure;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>
/// A private key, wherever it is: in a file, in KMS, or with somebody who signs by other means. It is asked for nothing but signatures, so nothing that is
/// signed knows where its key is.
/// </summary>
public interface ISigner : IDisposable
{
    /// <summary>What to call the key in messages; never anything of the key itself.</summary>
    string Name { get; }

    /// <summary>The public key.</summary>
    VerificationKey PublicKey { get; }

    /// <summary>The certificates that came with the key, DER, its own first; empty when none did.</summary>
    IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; }

    /// <summary>Signs a message. Call it through <see cref="SignerExtensions.SignCheckedAsync"/>, which checks the answer.</summary>
    /// <param name="message">The message, not its digest.</param>
    /// <param name="scheme">How; of the key's kind.</param>
    /// <param name="cancellation">Ends the wait for a remote signer.</param>
    /// <exception cref="UserErrorException">The signer is not to be had or refuses.</exception>
    Task<byte[]> SignAsync(ReadOnlyMemory<byte> message, SignatureScheme scheme, CancellationToken cancellation);
}
