using System.Security.Cryptography;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;
using SharpCompress.Compressors.Xz;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>A suite whose chain from the signature to the index's bytes was checked.</summary>
/// <param name="Release">The checked Release.</param>
/// <param name="PackagesSha256">SHA-256 of the decompressed index.</param>
/// <param name="Index">The parsed index.</param>
internal sealed record VerifiedSuite(VerifiedRelease Release, string PackagesSha256, PackageIndex Index);

/// <summary>Fetches a suite: <c>InRelease</c>, then the index that it vouches for.</summary>
internal sealed class SuiteReader(ArchiveFiles files, ArchiveMirror mirror, SnapshotLocator? snapshot, IndexCache cache, ReleaseVerifier verifier)
{
    private const long MaximumReleaseSize = 16 << 20; // Debian's largest, sid, has 0.25 MB
    private const long MaximumIndexSize = 1 << 30; // trixie's has 57 MB

    /// <summary>Fetches and checks a suite.</summary>
    /// <exception cref="UserErrorException">A link of the chain does not hold, or the mirror lacks a file.</exception>
    public async Task<VerifiedSuite> ReadAsync(string suite, string architecture, DateTimeOffset? seen, CancellationToken cancellation)
    {
        Uri address = mirror.Locate(suite, $"dists/{suite}/InRelease");
        byte[] inRelease = await files.FindAsync(address, MaximumReleaseSize, cancellation).ConfigureAwait(false)
            ?? throw new UserErrorException($"the mirror has no suite \"{suite}\": \"{ArchiveMirror.Show(address)}\" does not exist", "check the recipe's suites, or give another mirror with --mirror URL");
        VerifiedRelease release = verifier.Verify(inRelease, suite, architecture, seen);

        string path = $"main/binary-{architecture}/Packages";
        ReleaseFile plain = release.Release.Find(path) ?? throw new UserErrorException($"Release of \"{suite}\" lists no \"{path}\"");
        if (plain.Size > MaximumIndexSize)
        {
            throw new UserErrorException($"Release of \"{suite}\": \"{path}\" has {plain.Size:N0} bytes, more than the {MaximumIndexSize:N0} that are read");
        }

        byte[]? text = cache.Find(plain.Sha256, plain.Size);
        if (text is null)
        {
            ReleaseFile packed = release.Release.Find(path + ".xz") ?? throw new UserErrorException($"Release of \"{suite}\" lists no \"{path}.xz\"");
            text = Decompress(await FetchAsync(suite, release.Release, packed, cancellation).ConfigureAwait(false), suite, packed, plain);
            cache.Keep(plain.Sha256, text);
        }

        return new VerifiedSuite(release, plain.Sha256, PackageIndex.Parse(suite, architecture, text));
    }

    /// <summary>By hash where the archive supports it, as the plain name may already be the next state's; then the plain name; then the snapshot archive.</summary>
    private async Task<byte[]> FetchAsync(string suite, Release release, ReleaseFile file, CancellationToken cancellation)
    {
        string named = $"dists/{suite}/{file.Path}";
        string byHash = $"dists/{suite}/{file.Path[..file.Path.LastIndexOf('/')]}/by-hash/SHA256/{file.Sha256}";
        List<Uri> addresses = release.AcquireByHash ? [mirror.Locate(suite, byHash), mirror.Locate(suite, named)] : [mirror.Locate(suite, named)];
        addresses.AddRange(snapshot?.Locate(suite, release.Date, named) ?? []);
        string? problem = null;
        foreach (Uri address in addresses)
        {
            byte[]? content = await files.FindAsync(address, Math.Max(file.Size, 1 << 20), cancellation).ConfigureAwait(false);
            if (content is null)
            {
                continue;
            }

            if (content.Length == file.Size && Sha256(content) == file.Sha256)
            {
                return content;
            }

            problem ??= content.Length != file.Size
                ? $"\"{ArchiveMirror.Show(address)}\" has {content.Length:N0} bytes, the Release says {file.Size:N0}"
                : $"\"{ArchiveMirror.Show(address)}\" has SHA-256 {Sha256(content)}, the Release says {file.Sha256}";
        }

        throw new UserErrorException(
            problem ?? $"the mirror has no \"{named}\", which its Release names", "the mirror is being updated or was tampered with: try again later, or another mirror with --mirror URL");
    }

    private static byte[] Decompress(byte[] packed, string suite, ReleaseFile packedFile, ReleaseFile plain)
    {
        byte[] text = GC.AllocateUninitializedArray<byte>((int)plain.Size);
        bool complete;
        try
        {
            using MemoryStream source = new(packed);
            using XZStream stream = new(source);
            complete = stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) == text.Length && stream.ReadByte() < 0;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new UserErrorException($"\"{packedFile.Path}\" of \"{suite}\" is not xz data", cause: exception);
        }

        return complete && Sha256(text) == plain.Sha256
            ? text
            : throw new UserErrorException($"\"{packedFile.Path}\" of \"{suite}\" does not decompress to the \"{plain.Path}\" that the Release names");
    }

    private static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
