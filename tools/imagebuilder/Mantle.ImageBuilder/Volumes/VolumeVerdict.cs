namespace Mantle.ImageBuilder.Volumes;

/// <summary>What can be said of a volume.</summary>
/// <param name="Word"><c>holds</c>, <c>mismatch</c> or <c>unverified</c>.</param>
/// <param name="RootHash">What its tree comes to, or what its UUIDs say when it can't be read; null when there is neither.</param>
/// <param name="Problem">What is wrong, or could not be checked.</param>
public sealed record VolumeVerdict(string Word, string? RootHash, string? Problem)
{
    /// <summary>0, 2 or 7.</summary>
    public int ExitCode => Word switch
    {
        "holds" => Measure.ExitCode.Success,
        "mismatch" => Measure.ExitCode.Mismatch,
        _ => Measure.ExitCode.Unverified,
    };

    /// <summary>Without a key: a plain volume whole, of an encrypted one what is in clear.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="rootHash">What it must come to; null: what its UUIDs say.</param>
    /// <param name="workers">Number of threads.</param>
    public static VolumeVerdict Of(Volume volume, byte[]? rootHash, int workers)
    {
        if (!volume.IsEncrypted)
        {
            return From(volume.Check([], rootHash, workers));
        }

        return rootHash is not null && volume.NamedRootHash != Convert.ToHexStringLower(rootHash)
            ? new("mismatch", volume.NamedRootHash, "the UUIDs name another root hash")
            : new("unverified", volume.NamedRootHash, "encrypted: its content was not checked");
    }

    /// <summary>With a key that KMS decrypts.</summary>
    public static async Task<VolumeVerdict> OfEncryptedAsync(
        Volume volume, KeyEncryption encryption, EncryptionContext context, byte[]? rootHash, int workers, CancellationToken cancellation)
    {
        using VolumeKey key = await encryption.DecryptAsync(volume.Key!, context, cancellation).ConfigureAwait(false);
        return From(volume.Check(key.Bytes, rootHash, workers));
    }

    private static VolumeVerdict From(VolumeCheck check) => new(check.Problem is null ? "holds" : "mismatch", check.RootHash, check.Problem);
}
