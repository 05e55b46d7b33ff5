using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe;

/// <summary>
/// The hash that firmware measures and that signatures cover, as EDK2 computes it (MeasureBootPeCoff.c, DxeImageVerificationLib.c), which is
/// not quite what the Authenticode paper says: bytes between sections are left out, and what follows is taken from the offset that equals
/// the number of bytes hashed so far. An unsigned file is not padded to 8 bytes first.
/// </summary>
public static class AuthenticodeDigest
{
    /// <summary>The bytes of an image that are hashed, in hashing order. Its plain digest is the Authenticode digest.</summary>
    public static ByteSource HashedContent(PeImage image)
    {
        List<ByteSource> parts = [];
        void Add(long start, long end) => parts.Add(image.Source.Slice(start, end - start));

        const int CheckSumSize = 4;
        Add(0, image.CheckSumOffset);
        if (image.DataDirectories.Count > PeDataDirectory.CertificateTable)
        {
            Add(image.CheckSumOffset + CheckSumSize, image.CertificateDirectoryOffset);
            Add(image.CertificateDirectoryOffset + PeDataDirectory.EntrySize, image.SizeOfHeaders);
        }
        else
        {
            Add(image.CheckSumOffset + CheckSumSize, image.SizeOfHeaders);
        }

        long hashed = image.SizeOfHeaders;
        foreach (PeSection section in image.Sections.Where(s => s.SizeOfRawData > 0).OrderBy(s => s.PointerToRawData))
        {
            Add(section.PointerToRawData, (long)section.PointerToRawData + section.SizeOfRawData);
            hashed += section.SizeOfRawData;
        }

        // Sections do not overlap and the certificate table follows them, so this cannot run backwards.
        Add(hashed, image.Source.Length - image.CertificateTable.Size);

        long length = 0;
        List<ByteSource.Extent> extents = [];
        foreach (ByteSource part in parts)
        {
            extents.Add(new(length, part));
            length += part.Length;
        }

        return ByteSource.Compose(length, extents);
    }

    /// <summary>The digest by each of the algorithms, in their order. The algorithms share both cores for a large image.</summary>
    public static byte[][] Compute(PeImage image, params IReadOnlyList<HashAlgorithmName> algorithms) =>
        ContentDigest.Compute([HashedContent(image)], algorithms)[0];
}
