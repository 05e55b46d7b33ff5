using System.Globalization;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>
/// Finds files that a mirror no longer has in a snapshot archive, <c>ROOT/YYYYMMDDTHHMMSSZ/PATH</c>. The time is the one of the Release file that
/// named the file; an archive is photographed some hours after it changed, so later times are tried too. The hash decides, not the time.
/// </summary>
/// <param name="main">Root of the main archive's snapshots, for example <c>http://host/archive/debian</c>.</param>
/// <param name="security">Root of the security archive's snapshots, or null: <c>-security</c> is added to a main root that ends in <c>/debian</c>.</param>
public sealed class SnapshotLocator(Uri main, Uri? security = null)
{
    private readonly ArchiveMirror _roots = new(main, security ?? MirrorSelection.SecurityOf(main) ?? main);

    /// <summary>Makes a locator from what a user gave.</summary>
    /// <param name="address">Root of the main archive's snapshots.</param>
    /// <exception cref="Measure.UserErrorException">It is not an address.</exception>
    public static SnapshotLocator Parse(string address) => new(MirrorSelection.Parse(address, "--snapshot"));

    /// <summary>The addresses to try, best first.</summary>
    /// <param name="suite">Suite of the file.</param>
    /// <param name="released">Date of the suite's Release, as the lock has it.</param>
    /// <param name="path">Path below the archive's root.</param>
    public IEnumerable<Uri> Locate(string suite, DateTimeOffset released, string path)
    {
        foreach (TimeSpan later in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromHours(6), TimeSpan.FromDays(1)])
        {
            string time = (released.ToUniversalTime() + later).ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
            yield return _roots.Locate(suite, $"{time}/{path}");
        }
    }
}
