using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Mantle.Measure.Release;

/// <summary>The files of a release directory. It holds these and nothing else (docs/release.md).</summary>
public static class ReleaseFiles
{
    /// <summary>The disk image with the signed UKI on its EFI system partition.</summary>
    public const string Image = "image.raw";

    /// <summary>The signed UKI by itself, the same bytes as in the image. May be left out.</summary>
    public const string Uki = "uki.efi";

    /// <summary>The measurements with Secure Boot off.</summary>
    public const string Measurements = "measurements.json";

    /// <summary>The measurements with Secure Boot on and the variables of the identity.</summary>
    public const string SecureBootMeasurements = "measurements-secure-boot.json";

    /// <summary>The report of the audit, as <c>measure audit --json --at RELEASED</c> prints it for <see cref="Image"/>.</summary>
    public const string Audit = "audit.json";

    /// <summary>The waivers of the audit. Left out where there are none.</summary>
    public const string Waivers = "waivers.yaml";

    /// <summary>What is inside, in SPDX.</summary>
    public const string Sbom = "sbom.spdx.json";

    /// <summary>What it was built from: in-toto Statement v1 with SLSA provenance v1.</summary>
    public const string Provenance = "provenance.json";

    /// <summary>The build's manifest, of the unsigned files.</summary>
    public const string Manifest = "manifest.json";

    /// <summary>The release statement with its signatures, a DSSE envelope. No subject of the statement.</summary>
    public const string Envelope = "release.dsse.json";

    /// <summary>
    /// Where the release was published, written after it was signed, so no subject of the statement either. Nobody has signed it: it is a list of where to look,
    /// and what is there has to be proven (<c>imagebuilder ami verify</c>). May be left out.
    /// </summary>
    public const string Publication = "ami.json";

    /// <summary>The folder of the Secure Boot identity's public parts, without the slash.</summary>
    public const string Identity = "identity";

    /// <summary>The signature lists of the variable PK.</summary>
    public const string PlatformKey = Identity + "/PK.esl";

    /// <summary>The signature lists of the variable KEK.</summary>
    public const string KeyExchangeKeys = Identity + "/KEK.esl";

    /// <summary>The signature lists of the variable db.</summary>
    public const string Allowed = Identity + "/db.esl";

    /// <summary>The signature lists of the variable dbx. Left out where it is empty.</summary>
    public const string Forbidden = Identity + "/dbx.esl";

    private const int MaximumNameLength = 100;

    private static readonly SearchValues<char> s_plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    /// <summary>The files that every release has.</summary>
    public static IReadOnlyList<string> Required { get; } =
        [Image, Measurements, SecureBootMeasurements, Audit, Sbom, Provenance, Manifest, PlatformKey, KeyExchangeKeys, Allowed];

    /// <summary>The files that a release may have beside them and beside what else lies in the folder of the identity.</summary>
    public static IReadOnlyList<string> Optional { get; } = [Uki, Waivers];

    /// <summary>The files that may lie in a release directory and are no subjects of the statement.</summary>
    internal static bool IsUnsigned(string name) => name is Envelope or Publication;

    /// <summary>
    /// Whether a name may stand in a release: a file that is known, or a file in the folder of the identity whose name has letters, digits, dots, hyphens and
    /// underscores and does not begin with a dot. So no name leads out of the folder or is a second spelling of another.
    /// </summary>
    public static bool IsName(string name)
    {
        if (Required.Contains(name) || Optional.Contains(name))
        {
            return true;
        }

        const string Prefix = Identity + "/";
        return name.Length <= MaximumNameLength && name.Length > Prefix.Length && name.StartsWith(Prefix, StringComparison.Ordinal) && name[Prefix.Length] != '.'
            && name.AsSpan(Prefix.Length).IndexOfAnyExcept(s_plain) < 0;
    }

    /// <summary>
    /// The digest of an identity: SHA-256 of a line <c>DIGEST, two spaces, NAME</c> for each of its files, sorted by name; what
    /// <c>LC_ALL=C sha256sum identity/* | sha256sum</c> prints.
    /// </summary>
    /// <param name="subjects">The files of a release; others than the identity's are passed over.</param>
    public static string IdentityDigest(IEnumerable<ReleaseSubject> subjects) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(
            subjects.Where(subject => subject.Name.StartsWith(Identity + "/", StringComparison.Ordinal)).OrderBy(subject => subject.Name, StringComparer.Ordinal)
                .Select(subject => $"{subject.Sha256}  {subject.Name}\n")))));
}
