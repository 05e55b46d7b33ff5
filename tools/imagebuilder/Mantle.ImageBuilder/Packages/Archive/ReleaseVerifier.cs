using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Measure;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>A Release that was checked.</summary>
/// <param name="Release">Its content.</param>
/// <param name="Sha256">SHA-256 of the signed text.</param>
/// <param name="SignedBy">Fingerprints of the primary keys whose signatures hold, sorted.</param>
internal sealed record VerifiedRelease(Release Release, string Sha256, IReadOnlyList<string> SignedBy);

/// <summary>Checks an <c>InRelease</c> file: who signed it, what it is for, and when.</summary>
/// <param name="keyring">The keys that may sign.</param>
/// <param name="clock">The present, for expiry.</param>
internal sealed class ReleaseVerifier(Keyring keyring, TimeProvider clock)
{
    /// <summary>How far ahead of us the archive's clock may be; apt's Acquire::Max-FutureTime.</summary>
    private static readonly TimeSpan s_clockDifference = TimeSpan.FromSeconds(10);

    /// <summary>Checks a file.</summary>
    /// <param name="file">The content of <c>InRelease</c>.</param>
    /// <param name="suite">The suite that was asked for, by codename or by suite name.</param>
    /// <param name="architecture">The architecture that is to be locked.</param>
    /// <param name="seen">Date of the Release that an existing lock was made from, or null.</param>
    /// <exception cref="MalformedInputException">The file is not a clear-signed Release.</exception>
    /// <exception cref="UserErrorException">The Release is refused.</exception>
    public VerifiedRelease Verify(ReadOnlySpan<byte> file, string suite, string architecture, DateTimeOffset? seen = null)
    {
        ClearSignedText signed = ClearSignedText.Parse(file);
        IReadOnlyList<string> signedBy = VerifySignatures(signed, suite);
        Release release = Release.Parse(signed.Text);
        DateTimeOffset now = clock.GetUtcNow();
        if (release.Codename != suite && release.Suite != suite)
        {
            throw Refuse(suite, $"the mirror answers with suite \"{release.Suite}\", codename \"{release.Codename}\"", "check the mirror's address and the recipe's suites");
        }

        if (release.Date > now + s_clockDifference)
        {
            throw Refuse(suite, $"it is dated {Format(release.Date)}, which is in the future", "check this machine's clock");
        }

        if (release.ValidUntil < now)
        {
            throw Refuse(suite, $"it expired at {Format(release.ValidUntil.Value)}", "the mirror is stale or somebody replays an old state: try another mirror, and check this machine's clock");
        }

        if (release.Date < seen)
        {
            throw Refuse(
                suite, $"it is dated {Format(release.Date)}, older than the one of {Format(seen.Value)} that the lock was made from",
                "the mirror lags behind or somebody replays an old state: try another mirror; to go back on purpose, remove the lock first");
        }

        if (!release.Architectures.Contains(architecture))
        {
            throw Refuse(suite, $"it has no architecture \"{architecture}\", only {string.Join(", ", release.Architectures)}");
        }

        return release.Components.Contains("main")
            ? new VerifiedRelease(release, Convert.ToHexStringLower(SHA256.HashData(signed.Text)), signedBy)
            : throw Refuse(suite, "it has no component \"main\"");
    }

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'");

    private static UserErrorException Refuse(string suite, string problem, string? hint = null) => new($"Release of \"{suite}\" refused: {problem}", hint);

    /// <summary>
    /// One good signature by a key of the keyring is needed. Signatures by strangers do not count, as the archive signs with the keys of several
    /// releases; a bad signature by a key that we know refuses the file whatever else is there, as gpgv does.
    /// </summary>
    private List<string> VerifySignatures(ClearSignedText signed, string suite)
    {
        SortedSet<string> good = new(StringComparer.Ordinal);
        List<string> problems = [];
        foreach (PgpSignature signature in ReadSignatures(signed.Signatures))
        {
            // A key may be there twice, once with its revocation; the worse copy counts.
            ArchiveKey? key = keyring.Keys.Where(key => key.Key.KeyId == signature.KeyId).MaxBy(key => key.Unusable is not null);
            if (key is null)
            {
                problems.Add($"key {signature.KeyId:X16} is not in the keyring");
                continue;
            }

            string? problem = FindProblem(signature, key, signed.Hashes);
            if (problem is not null)
            {
                problems.Add($"key {Convert.ToHexString(key.Key.GetFingerprint())} ({key.Owner}) {problem}");
            }
            else if (SignatureCheck.Holds(signature, key.Key, signed.Canonical))
            {
                good.Add(key.PrimaryFingerprint);
            }
            else
            {
                throw Refuse(suite, $"the signature by key {Convert.ToHexString(key.Key.GetFingerprint())} ({key.Owner}) is bad: the file was changed after it was signed", "try another mirror");
            }
        }

        return good.Count > 0
            ? [.. good]
            : throw Refuse(
                suite, problems.Count == 0 ? "it carries no signature" : $"no signature counts: {string.Join("; ", problems)}",
                "the archive's current public keys belong into the keyring folder");
    }

    private string? FindProblem(PgpSignature signature, ArchiveKey key, IReadOnlySet<string> announced)
    {
        DateTime now = clock.GetUtcNow().UtcDateTime;
        TimeSpan lifetime = TimeSpan.FromSeconds(signature.GetHashedSubPackets()?.GetSignatureExpirationTime() ?? 0);
        return key.Unusable
            ?? (key.Expires < now ? $"expired at {Format(key.Expires.Value)}"
            : signature.Version < 4 ? "made a signature of an outdated version"
            : signature.SignatureType != PgpSignature.CanonicalTextDocument ? $"made a signature of type 0x{signature.SignatureType:x2}, not of a text"
            : !SignatureCheck.IsStrong(signature.HashAlgorithm) ? $"signed with the weak hash {signature.HashAlgorithm}"
            : !announced.Contains(signature.HashAlgorithm.ToString().ToUpperInvariant()) ? $"signed with {signature.HashAlgorithm}, which the file's \"Hash\" does not announce"
            : signature.CreationTime < key.Key.CreationTime ? "signed before it was made"
            : signature.CreationTime > now + s_clockDifference ? "signed in the future"
            : lifetime > TimeSpan.Zero && signature.CreationTime + lifetime < now ? $"made a signature that expired at {Format(signature.CreationTime + lifetime)}"
            : null);
    }

    private static List<PgpSignature> ReadSignatures(byte[] packets)
    {
        List<PgpSignature> signatures = [];
        try
        {
            PgpObjectFactory factory = new(packets);
            for (PgpObject? part = factory.NextPgpObject(); part is not null; part = factory.NextPgpObject())
            {
                PgpSignatureList list = part as PgpSignatureList ?? throw new PgpException("not a signature");
                for (int i = 0; i < list.Count; i++)
                {
                    signatures.Add(list[i]);
                }
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new MalformedInputException("inrelease", 0, "the signature is not made of OpenPGP signature packets");
        }

        return signatures;
    }
}
