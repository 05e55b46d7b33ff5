using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Text;

namespace Mantle.Measure.Audit.Rules;

/// <summary>Text files of settings: lines without comments.</summary>
internal static class TextLines
{
    private const int LongestLine = 4096;

    /// <summary>Lines with their numbers, trimmed; blank ones and those that start with <c>#</c> or <c>;</c> are left out.</summary>
    public static IEnumerable<(int Number, string Text)> Read(ByteSource content)
    {
        int number = 0;
        foreach (string line in Encoding.Latin1.GetString(content.ToArray()).Split('\n'))
        {
            number++;
            string text = line.Trim();
            if (text.Length > 0 && text[0] is not ('#' or ';'))
            {
                yield return (number, text.Length > LongestLine ? text[..LongestLine] : text);
            }
        }
    }

    /// <summary>Whether the last setting of a key is what one of the globs <c>key=value</c> says.</summary>
    public static bool MatchesSetting(IReadOnlyList<(int Number, string Text)> lines, IReadOnlyList<string> settings, List<Evidence> evidence)
    {
        Dictionary<string, (int Number, string Value)> last = new(StringComparer.Ordinal);
        foreach ((int number, string text) in lines)
        {
            int separator = text.AsSpan().IndexOfAny('=', ' ', '\t');
            if (separator > 0)
            {
                last[text[..separator]] = (number, text[separator..].TrimStart(' ', '\t', '=').Trim('"', '\''));
            }
        }

        bool found = false;
        foreach (string setting in settings)
        {
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            foreach ((string key, (int number, string value)) in last)
            {
                if (Glob.MatchesName(setting.AsSpan(0, equals), key) && Glob.MatchesName(setting.AsSpan(equals + 1), value))
                {
                    evidence.Add(new($"{key}={value}", Line: number));
                    found = true;
                }
            }
        }

        return found;
    }
}
