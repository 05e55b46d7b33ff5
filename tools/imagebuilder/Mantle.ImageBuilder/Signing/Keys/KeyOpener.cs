namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>Opens a key by the name that a user gives: <c>kms:KEY</c> for one in AWS KMS, else the path of a file.</summary>
/// <param name="passphrases">Where passphrases of encrypted files come from.</param>
public sealed class KeyOpener(IPassphrases passphrases)
{
    private const string KmsPrefix = "kms:";

    /// <summary>Opens the key; the caller disposes it.</summary>
    /// <exception cref="Mantle.Measure.UserErrorException">It is no key, cannot be decrypted, or KMS refuses.</exception>
    public async Task<ISigner> OpenAsync(string name, CancellationToken cancellation) =>
        name.StartsWith(KmsPrefix, StringComparison.Ordinal)
            ? await KmsSigner.OpenAsync(name[KmsPrefix.Length..], cancellation).ConfigureAwait(false)
            : KeyFile.Open(name, passphrases);
}
