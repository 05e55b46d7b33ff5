namespace Mantle.Measure.Text;

/// <summary>
/// The path globs of recipes and rules: <c>*</c> and <c>?</c> stay within one path component, <c>**</c> as a whole component spans any number of them, at the end of
/// the pattern at least one. A glob that matches a directory takes all below it.
/// </summary>
internal sealed class Glob
{
    private const string AnyDepth = "**";

    private readonly string[] _parts;
    private readonly string _prefix;

    public Glob(string pattern)
    {
        string trimmed = pattern.Trim('/');
        int wildcard = trimmed.AsSpan().IndexOfAny('*', '?');
        _parts = trimmed.Split('/');

        // Nearly every path of a tree differs already here. A component "**" may stand for nothing, its slash included.
        _prefix = wildcard < 0 ? trimmed : trimmed[..(trimmed.LastIndexOf('/', wildcard) + 1)];
    }

    /// <summary>Whether a path without a leading slash matches.</summary>
    public bool Matches(string path) =>
        path.StartsWith(_prefix, StringComparison.Ordinal)
        && (_parts[^1] == AnyDepth || MatchesName(_parts[^1], path.AsSpan(path.LastIndexOf('/') + 1)))
        && Matches(_parts, path.Split('/'));

    /// <summary>Tries the last "**" with one component more whenever what follows does not fit: earlier ones need no second try.</summary>
    private static bool Matches(ReadOnlySpan<string> parts, ReadOnlySpan<string> names)
    {
        int part = 0;
        int name = 0;
        int retryPart = -1;
        int retryName = 0;
        while (name < names.Length)
        {
            if (part < parts.Length && parts[part] == AnyDepth)
            {
                if (part == parts.Length - 1)
                {
                    return true;
                }

                retryPart = ++part;
                retryName = name;
            }
            else if (part < parts.Length && MatchesName(parts[part], names[name]))
            {
                part++;
                name++;
            }
            else if (retryPart >= 0)
            {
                part = retryPart;
                name = ++retryName;
            }
            else
            {
                return false;
            }
        }

        return part == parts.Length;
    }

    /// <summary>Whether one text, or one component of a path, matches; here <c>**</c> is no more than <c>*</c>.</summary>
    public static bool MatchesName(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int at = 0;
        int character = 0;
        int retryAt = -1;
        int retryCharacter = 0;
        while (character < name.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                retryAt = ++at;
                retryCharacter = character;
            }
            else if (at < pattern.Length && (pattern[at] == '?' || pattern[at] == name[character]))
            {
                at++;
                character++;
            }
            else if (retryAt >= 0)
            {
                at = retryAt;
                character = ++retryCharacter;
            }
            else
            {
                return false;
            }
        }

        return pattern[at..].TrimStart('*').IsEmpty;
    }
}
