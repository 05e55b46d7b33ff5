using System.Text;
using System.Text.RegularExpressions;

namespace Mantle.ImageBuilder.Tree;

/// <summary>
/// The globs of a recipe: <c>*</c> and <c>?</c> stay within one path component, <c>**</c> as a whole component spans any number of them.
/// A glob that matches a directory takes all below it.
/// </summary>
internal sealed class Glob(string pattern)
{
    private readonly Regex _regex = new(Translate(pattern), RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>Whether a path without a leading slash matches.</summary>
    public bool Matches(string path) => _regex.IsMatch(path);

    private static string Translate(string pattern)
    {
        StringBuilder regex = new("^");
        string[] parts = pattern.Trim('/').Split('/');
        for (int i = 0; i < parts.Length; i++)
        {
            bool last = i == parts.Length - 1;
            if (parts[i] == "**")
            {
                regex.Append(last ? ".+" : "(?:[^/]+/)*");
                continue;
            }

            regex.Append(Regex.Escape(parts[i]).Replace(@"\*", "[^/]*", StringComparison.Ordinal).Replace(@"\?", "[^/]", StringComparison.Ordinal));
            regex.Append(last ? "" : "/");
        }

        return regex.Append('$').ToString();
    }
}
