using Mantle.Measure.Text;

namespace Mantle.Measure.Audit.Rules;

/// <summary>
/// Globs over directives of units, <c>Section.Key=value</c>. Key and value are matched apart, so that <c>Service.Exec*=/run/*</c> does not take the
/// equals sign of an option for its own.
/// </summary>
internal sealed class DirectiveGlobs(IReadOnlyList<string> patterns)
{
    private readonly (string Key, string Value)[] _globs = [.. patterns.Select(Split)];

    public bool IsEmpty => _globs.Length == 0;

    public bool Matches(string section, string key, string value)
    {
        string name = $"{section}.{key}";
        return Array.Exists(_globs, glob => Glob.MatchesName(glob.Key, name) && Glob.MatchesName(glob.Value, value));
    }

    private static (string Key, string Value) Split(string pattern)
    {
        int equals = pattern.IndexOf('=', StringComparison.Ordinal);
        return (pattern[..equals], pattern[(equals + 1)..]);
    }
}
