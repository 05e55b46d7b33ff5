using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mantle.Formats.Bytes;

/// <summary>How names, times, sizes and contents are shown, from untrusted input too: one line each, no control character reaches a terminal, the same in any culture.</summary>
public static class PrintedText
{
    /// <summary>The name with control, format and lone surrogate characters and the backslash as <c>\x</c> and <c>\u</c> escapes.</summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsSurrogatePair(text, i))
            {
                escaped.Append(c).Append(text[++i]);
            }
            else if (c is >= '\uDC80' and <= '\uDCFF')
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\x{c - 0xDC00:x2}");
            }
            else if (char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                escaped.Append(c == '\\' ? "\\\\" : c);
            }
        }

        return escaped.ToString();
    }

    /// <summary>Seconds since 1970 as <c>2025-01-31T12:00:00Z</c>.</summary>
    public static string Time(long seconds) => UtcTime.Text(DateTimeOffset.FromUnixTimeSeconds(seconds));

    /// <summary>A length in decimal megabytes as <c>0.5 MB</c>.</summary>
    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB");

    /// <summary>SHA-256 of a content in hex, streamed.</summary>
    public static string Digest(ByteSource content)
    {
        using Stream stream = content.OpenStream();
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
