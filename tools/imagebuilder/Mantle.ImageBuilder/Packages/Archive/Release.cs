using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages.Debian;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>An index that a Release vouches for.</summary>
/// <param name="Path">Path below the suite's folder.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
internal sealed record ReleaseFile(string Path, long Size, string Sha256);

/// <summary>A suite's Release file (Debian wiki: RepositoryFormat), the signed root of the hash chain.</summary>
internal sealed class Release
{
    private const string Format = "release";
    private readonly Dictionary<string, ReleaseFile> _files = new(StringComparer.Ordinal);

    public required string Suite { get; init; }

    public required string Codename { get; init; }

    public required DateTimeOffset Date { get; init; }

    /// <summary>Null when the suite's Releases do not expire, as stable's.</summary>
    public required DateTimeOffset? ValidUntil { get; init; }

    public required IReadOnlyList<string> Architectures { get; init; }

    /// <summary>Components without the prefix (<c>updates/</c>) that the security archive puts before them.</summary>
    public required IReadOnlyList<string> Components { get; init; }

    /// <summary>Whether indexes may be fetched by hash, which is safe while the mirror is being updated.</summary>
    public required bool AcquireByHash { get; init; }

    /// <summary>Parses the signed text.</summary>
    /// <exception cref="MalformedInputException">It is not a Release.</exception>
    public static Release Parse(ReadOnlySpan<byte> text)
    {
        IReadOnlyList<ControlParagraph> paragraphs = ControlParagraph.ReadAll(text, Format);
        if (paragraphs.Count != 1)
        {
            throw new MalformedInputException(Format, 0, $"a Release is one paragraph, not {paragraphs.Count}");
        }

        ControlParagraph fields = paragraphs[0];
        Release release = new()
        {
            Suite = Required(fields, "Suite"),
            Codename = Required(fields, "Codename"),
            Date = ParseDate("Date", Required(fields, "Date")),
            ValidUntil = fields.TryGet("Valid-Until", out string? until) ? ParseDate("Valid-Until", until) : null,
            Architectures = fields.Words("Architectures"),
            Components = [.. fields.Words("Components").Select(component => component[(component.LastIndexOf('/') + 1)..])],
            AcquireByHash = fields.TryGet("Acquire-By-Hash", out string? byHash) && byHash == "yes",
        };
        release.ReadFiles(Required(fields, "SHA256"));
        return release;
    }

    /// <summary>An index by its path below the suite's folder, or null.</summary>
    public ReleaseFile? Find(string path) => _files.GetValueOrDefault(path);

    private static string Required(ControlParagraph fields, string name) => fields.TryGet(name, out string? value) && value.Length > 0
        ? value
        : throw new MalformedInputException(Format, fields.Offset, $"field \"{name}\" is missing");

    private static DateTimeOffset ParseDate(string name, string value) =>
        DateTimeOffset.TryParseExact(
            value, ["ddd, d MMM yyyy HH:mm:ss 'UTC'", "ddd, d MMM yyyy HH:mm:ss 'GMT'", "ddd, d MMM yyyy HH:mm:ss '+0000'"],
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)
            ? date
            : throw new MalformedInputException(Format, 0, $"{name} \"{value}\" is not a date in UTC");

    private void ReadFiles(string lines)
    {
        foreach (string line in lines.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 3 || !LockedValues.IsSha256(words[0])
                || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
                || !_files.TryAdd(words[2], new ReleaseFile(words[2], size, words[0])))
            {
                throw new MalformedInputException(Format, 0, $"SHA256 line \"{line}\" is not a new \"hash size path\"");
            }
        }
    }
}
