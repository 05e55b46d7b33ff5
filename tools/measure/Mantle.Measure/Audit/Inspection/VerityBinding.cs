namespace Mantle.Measure.Audit.Inspection;

/// <summary>How one root hash on one command line and the volumes of the image hang together.</summary>
/// <param name="BootEntry">Place of the entry whose command line names the hash.</param>
/// <param name="Word">The word: <c>roothash=…</c>.</param>
/// <param name="RootHash">The hash in lower-case hex.</param>
/// <param name="Data">Place of the volume that it protects, or null when no hash tree of the image has this hash.</param>
/// <param name="Problem">What does not hold, or null when every block was checked up to the hash: lower case, no final period.</param>
public sealed record VerityBinding(string BootEntry, string Word, string RootHash, string? Data, string? Problem)
{
    /// <summary>Whether every block of the data volume is covered by this hash and was checked.</summary>
    public bool IsIntact => Data is not null && Problem is null;
}
