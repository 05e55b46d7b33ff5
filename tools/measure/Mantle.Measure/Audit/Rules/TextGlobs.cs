using Mantle.Measure.Text;

namespace Mantle.Measure.Audit.Rules;

/// <summary>Globs over one text (not a path): <c>*</c> spans anything, slashes too. Case counts.</summary>
internal sealed class TextGlobs(IReadOnlyList<string> patterns)
{
    public IReadOnlyList<string> Patterns { get; } = patterns;

    public bool IsEmpty => Patterns.Count == 0;

    public bool Matches(ReadOnlySpan<char> text)
    {
        foreach (string pattern in Patterns)
        {
            if (Glob.MatchesName(pattern, text))
            {
                return true;
            }
        }

        return false;
    }
}
