namespace Mantle.ImageBuilder.Publishing.Upload;

/// <summary>What an upload came to.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="Blocks">Blocks that it has.</param>
/// <param name="Checksum">SHA-256 of their digests, in hexadecimal.</param>
/// <param name="SentBlocks">Blocks that this run has sent.</param>
/// <param name="Elapsed">How long this run took.</param>
public sealed record UploadResult(string Snapshot, int Blocks, string Checksum, int SentBlocks, TimeSpan Elapsed);
