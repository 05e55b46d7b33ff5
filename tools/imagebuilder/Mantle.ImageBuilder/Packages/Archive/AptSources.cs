using System.Text.RegularExpressions;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages.Debian;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>
/// Reads what a machine's apt is set up with (sources.list(5)) to find its Debian mirror. The host's own release does not matter; archives of others
/// and ways that only apt knows (<c>cdrom:</c>, <c>mirror+file:</c>) are passed over.
/// </summary>
public static partial class AptSources
{
    /// <summary>An entry, of either form.</summary>
    private sealed record Entry(IReadOnlyList<string> Uris, IReadOnlyList<string> Suites, IReadOnlyList<string> Components, string SignedBy);

    /// <summary>Finds the mirror of the main and of the security archive.</summary>
    /// <param name="aptFolder">apt's configuration folder, normally <c>/etc/apt</c>.</param>
    /// <returns>Both addresses; either is null when no entry has it.</returns>
    public static (Uri? Main, Uri? Security) Find(string aptFolder)
    {
        List<Entry> entries = [];
        string list = Path.Combine(aptFolder, "sources.list");
        if (File.Exists(list))
        {
            entries.AddRange(ReadList(File.ReadAllText(list)));
        }

        DirectoryInfo parts = new(Path.Combine(aptFolder, "sources.list.d"));
        foreach (FileInfo file in parts.Exists ? parts.GetFiles().OrderBy(file => file.Name, StringComparer.Ordinal) : Enumerable.Empty<FileInfo>())
        {
            if (!FileName().IsMatch(file.Name))
            {
                continue;
            }

            entries.AddRange(file.Extension == ".list" ? ReadList(File.ReadAllText(file.FullName)) : ReadDeb822(File.ReadAllBytes(file.FullName)));
        }

        return (Best(entries, security: false), Best(entries, security: true));
    }

    /// <summary>Parses the one-line form; lines that apt would refuse are passed over.</summary>
    private static IEnumerable<Entry> ReadList(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            Match match = OneLine().Match(line.Split('#')[0]);
            if (!match.Success)
            {
                continue;
            }

            string signedBy = match.Groups["options"].Value.Split(' ').FirstOrDefault(option => option.StartsWith("signed-by=", StringComparison.OrdinalIgnoreCase)) ?? "";
            string[] components = match.Groups["components"].Value.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            yield return new Entry([match.Groups["uri"].Value], [match.Groups["suite"].Value], components, signedBy);
        }
    }

    private static List<Entry> ReadDeb822(byte[] text)
    {
        List<Entry> entries = [];
        try
        {
            foreach (ControlParagraph paragraph in ControlParagraph.ReadAll(text, "apt-sources", comments: true))
            {
                bool enabled = !paragraph.TryGet("Enabled", out string? value) || !Regex.IsMatch(value, "^(no|false|without|off|disable|0)$", RegexOptions.IgnoreCase);
                if (enabled && paragraph.Words("Types").Contains("deb"))
                {
                    entries.Add(new Entry(
                        paragraph.Words("URIs"), paragraph.Words("Suites"), paragraph.Words("Components"),
                        paragraph.TryGet("Signed-By", out string? signedBy) ? signedBy : ""));
                }
            }
        }
        catch (MalformedInputException)
        {
            // Somebody else's broken entry: apt complains about it, and a mirror may still be found elsewhere.
        }

        return entries;
    }

    private static Uri? Best(List<Entry> entries, bool security)
    {
        Uri? best = null;
        int bestRank = -1;
        foreach (Entry entry in entries)
        {
            bool fits = entry.Components.Any(component => component is "main" or "updates/main")
                && entry.Suites.Any(suite => (security ? SecuritySuite() : MainSuite()).IsMatch(suite.TrimEnd('/')));
            if (!fits)
            {
                continue;
            }

            foreach (string address in entry.Uris)
            {
                if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https" or "file"))
                {
                    continue;
                }

                // A third party may use Debian's codenames too; Debian's own keyring and the customary path tell them apart.
                string path = uri.AbsolutePath.TrimEnd('/');
                int rank = (entry.SignedBy.Contains("debian-archive", StringComparison.Ordinal) ? 2 : 0)
                    + (path.EndsWith(security ? "/debian-security" : "/debian", StringComparison.Ordinal) ? 1 : 0);
                if (rank > bestRank)
                {
                    (best, bestRank) = (uri, rank);
                }
            }
        }

        return best;
    }

    private const string Release =
        "(stable|oldstable|oldoldstable|testing|stretch|buster|bullseye|bookworm|trixie|forky|duke)";

    [GeneratedRegex("^[A-Za-z0-9_.-]+\\.(list|sources)$")]
    private static partial Regex FileName();

    [GeneratedRegex(@"^\s*deb\s+(\[(?<options>[^\]]*)\]\s*)?(?<uri>\S+)\s+(?<suite>\S+)(?<components>(\s+\S+)*)\s*$")]
    private static partial Regex OneLine();

    [GeneratedRegex("^(" + Release + "(-updates|-backports|-proposed-updates)?|unstable|sid)$")]
    private static partial Regex MainSuite();

    [GeneratedRegex("^" + Release + "(-security|/updates)$")]
    private static partial Regex SecuritySuite();
}
