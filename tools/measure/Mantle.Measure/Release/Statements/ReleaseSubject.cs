namespace Mantle.Measure.Release;

/// <summary>One file of a release.</summary>
/// <param name="Name">Its path below the release directory, one of <see cref="ReleaseFiles"/>.</param>
/// <param name="Sha256">64 digits of lower-case hexadecimal.</param>
public sealed record ReleaseSubject(string Name, string Sha256);
