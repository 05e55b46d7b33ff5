using System.Text;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>
/// A value of a policy with its variables put in: letters, and the wildcards <c>*</c> and <c>?</c>. What a variable brings is never a wildcard,
/// nor are <c>${*}</c>, <c>${?}</c> and <c>${$}</c>.
/// </summary>
internal readonly struct Pattern
{
    private const char Many = '\uE000';
    private const char One = '\uE001';

    private readonly string _text;

    private Pattern(string text) => _text = text;

    /// <summary>The text, when wildcards mean themselves.</summary>
    public string Literal => _text.Replace(Many, '*').Replace(One, '?');

    /// <summary>
    /// A pattern, or null when a variable has no value in this request: then nothing is equal to it or like it
    /// (IAM User Guide, "IAM policy elements: Variables and tags", variables with no value).
    /// </summary>
    public static Pattern? Expand(string text, RequestContext? variables)
    {
        if (text.AsSpan().IndexOfAny("*?$") < 0)
        {
            return new(text);
        }

        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char letter = text[i];
            if (letter is '*' or '?')
            {
                result.Append(letter == '*' ? Many : One);
                continue;
            }

            int end = letter == '$' && variables is not null && i + 1 < text.Length && text[i + 1] == '{' ? text.IndexOf('}', i) : -1;
            if (end < 0)
            {
                result.Append(letter);
                continue;
            }

            string inner = text[(i + 2)..end];
            i = end;
            if (inner is "*" or "?" or "$")
            {
                result.Append(inner);
                continue;
            }

            if (Resolve(inner, variables!) is not { } value)
            {
                return null;
            }

            result.Append(value);
        }

        return new(result.ToString());
    }

    /// <summary>Whether a text is like the pattern, from its first letter to its last.</summary>
    public bool IsLike(string text, bool ignoreCase = false) => IsLike(_text, text, ignoreCase);

    /// <summary>
    /// Compares two ARNs part by part: a wildcard does not reach over a colon, but in the last of the six parts
    /// (IAM User Guide, "Amazon Resource Name (ARN) condition operators").
    /// </summary>
    public bool IsLikeArn(string text)
    {
        string[] pattern = _text.Split(':', 6), parts = text.Split(':', 6);
        if (pattern.Length != 6 || parts.Length != 6)
        {
            return false;
        }

        for (int i = 0; i < 6; i++)
        {
            if (!IsLike(pattern[i], parts[i], ignoreCase: false))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLike(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text, bool ignoreCase)
    {
        int p = 0, t = 0, star = -1, resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == Many)
            {
                (star, resume) = (p++, t);
            }
            else if (p < pattern.Length && (pattern[p] == One || Same(pattern[p], text[t], ignoreCase)))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                (p, t) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == Many)
        {
            p++;
        }

        return p == pattern.Length;
    }

    private static bool Same(char one, char other, bool ignoreCase) =>
        one == other || (ignoreCase && char.ToLowerInvariant(one) == char.ToLowerInvariant(other));

    /// <summary><c>key</c> or <c>key, 'default'</c>.</summary>
    private static string? Resolve(string inner, RequestContext variables)
    {
        int comma = inner.IndexOf(',', StringComparison.Ordinal);
        string key = (comma < 0 ? inner : inner[..comma]).Trim();
        string otherwise = comma < 0 ? "" : inner[(comma + 1)..].Trim();
        return variables.Single(key)
            ?? (otherwise.Length >= 2 && otherwise[0] == '\'' && otherwise[^1] == '\'' ? otherwise[1..^1] : null);
    }
}
