namespace Mantle.Formats.Verity;

/// <summary>What <see cref="VerityVerifier"/> found.</summary>
/// <param name="Superblock">The superblock that the tree was read by.</param>
/// <param name="Corruptions">
/// The first corrupted block of each level that has one, from the top down, data last. Empty: everything hangs together up to the root hash.
/// The first entry is the one to believe: what is below a corrupted hash block was compared with digests that nothing vouches for.
/// </param>
public sealed record VerityVerification(VeritySuperblock Superblock, IReadOnlyList<VerityCorruption> Corruptions)
{
    /// <summary>True when data, tree and root hash agree.</summary>
    public bool IsIntact => Corruptions.Count == 0;
}
