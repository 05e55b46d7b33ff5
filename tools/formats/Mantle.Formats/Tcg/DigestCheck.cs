namespace Mantle.Formats.Tcg;

/// <summary>What a record's digests say about its data.</summary>
public enum DigestCheck
{
    /// <summary>The type's data only describes what was hashed, so the digests say nothing about it.</summary>
    NotCovered,

    /// <summary>Every digest is the digest of the data.</summary>
    Verified,

    /// <summary>The type's data is what was hashed, yet a digest is another: the data was changed, or the firmware deviates.</summary>
    Mismatch,
}
