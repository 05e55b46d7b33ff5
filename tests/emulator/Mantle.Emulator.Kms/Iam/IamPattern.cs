using System.Text;

namespace Mantle.Emulator.Kms.Iam;

/// <summary>
/// A text of a policy with its wildcards and variables (IAM User Guide, "Policy elements: Variables and tags"): each character is either itself or stands for any.
/// </summary>
internal static class IamPattern
{
    private const char Many = '\uE000';
    private const char One = '\uE001';

    /// <summary>Puts the variables' values in; null when one has no value. What a variable brings, and <c>${*}</c>, is no wildcard.</summary>
    public static string? Fill(string text, bool hasVariables, IReadOnlyDictionary<string, string[]> context)
    {
        StringBuilder filled = new();
        for (int i = 0; i < text.Length; i++)
        {
            int end = hasVariables && text[i] == '$' && i + 1 < text.Length && text[i + 1] == '{' ? text.IndexOf('}', i) : -1;
            if (end < 0)
            {
                filled.Append(text[i] switch { '*' => Many, '?' => One, char other => other });
                continue;
            }

            string name = text[(i + 2)..end];
            i = end;
            if (name is "*" or "?" or "$")
            {
                filled.Append(name);
                continue;
            }

            int comma = name.IndexOf(',', StringComparison.Ordinal);
            string key = (comma < 0 ? name : name[..comma]).Trim();
            if (context.TryGetValue(key, out string[]? values) && values.Length == 1)
            {
                filled.Append(values[0]);
            }
            else if (comma >= 0 && !context.ContainsKey(key) && name[(comma + 1)..].Trim() is ['\'', .. string fallback, '\''])
            {
                filled.Append(fallback);
            }
            else
            {
                return null;
            }
        }

        return filled.ToString();
    }

    /// <summary>The filled text with wildcards as ordinary characters.</summary>
    public static string Plain(string filled) => filled.Replace(Many, '*').Replace(One, '?');

    /// <summary>Whether a text is of the pattern.</summary>
    public static bool Covers(string filled, string text, bool ignoreCase = false)
    {
        // Row by row over the pattern: reached[i] says whether the pattern so far covers the first i characters.
        bool[] reached = new bool[text.Length + 1];
        reached[0] = true;
        foreach (char symbol in filled)
        {
            if (symbol == Many)
            {
                for (int i = 1; i <= text.Length; i++)
                {
                    reached[i] |= reached[i - 1];
                }

                continue;
            }

            for (int i = text.Length; i > 0; i--)
            {
                reached[i] = reached[i - 1] && (symbol == One || symbol == text[i - 1]
                    || (ignoreCase && char.ToLowerInvariant(symbol) == char.ToLowerInvariant(text[i - 1])));
            }

            reached[0] = false;
        }

        return reached[text.Length];
    }

    /// <summary>ARN against ARN, each of the six parts by itself.</summary>
    public static bool CoversArn(string filled, string arn)
    {
        string[] wanted = filled.Split(':', 6), given = arn.Split(':', 6);
        return wanted.Length == 6 && given.Length == 6 && wanted.Zip(given).All(pair => Covers(pair.First, pair.Second));
    }
}
