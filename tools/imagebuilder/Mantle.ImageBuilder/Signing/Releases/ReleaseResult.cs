using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>A release that was made or signed.</summary>
/// <param name="Folder">The release directory.</param>
/// <param name="Statement">What was signed.</param>
/// <param name="Envelope">The statement with all its signatures.</param>
public sealed record ReleaseResult(string Folder, ReleaseStatement Statement, DsseEnvelope Envelope)
{
    /// <summary>Bytes of the image that differ from the unsigned one's, in whole blocks of 4096; 0 where no image was written.</summary>
    public long RewrittenBytes { get; init; }

    /// <summary>How the rest of the image was copied: <c>reflink</c>, <c>copy</c> or <c>write</c>; empty where none was.</summary>
    public string Copied { get; init; } = "";
}
