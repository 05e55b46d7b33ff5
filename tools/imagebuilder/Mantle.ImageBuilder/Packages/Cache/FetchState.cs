namespace Mantle.ImageBuilder.Packages;

/// <summary>States of a download.</summary>
public enum FetchState
{
    /// <summary>The cache had the package.</summary>
    Cached,

    /// <summary>Bytes are coming in.</summary>
    Downloading,

    /// <summary>An attempt failed; the next one follows after a pause.</summary>
    Retrying,

    /// <summary>The file is complete, its SHA-256 is the locked one, and it is in the cache.</summary>
    Fetched,
}
