namespace Mantle.Formats.Pe;

/// <summary>One entry of a PE image's data directories.</summary>
/// <param name="Address">Address relative to the image base; for the certificate table, and only there, a file offset.</param>
/// <param name="Size">Size in bytes.</param>
public readonly record struct PeDataDirectory(uint Address, uint Size)
{
    /// <summary>Index of the certificate table among the directories.</summary>
    public const int CertificateTable = 4;

    /// <summary>Bytes of one entry.</summary>
    internal const int EntrySize = 8;
}
