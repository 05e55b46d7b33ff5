using System.Globalization;

namespace Mantle.Formats.Bytes;

/// <summary>
/// Times as documents of these tools have them, in one form only: RFC 3339 (5.6) in UTC, with whole seconds and capital letters, for example <c>2026-02-03T10:12:02Z</c>;
/// and days, for example <c>2026-02-03</c>. So the same time is always the same text.
/// </summary>
public static class UtcTime
{
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const string DayForm = "yyyy-MM-dd";

    /// <summary>Reads a time; false: it is of another form, or there is no such time.</summary>
    public static bool TryParse(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    /// <summary>Reads a day; false: it is of another form, or there is no such day.</summary>
    public static bool TryParseDay(string? text, out DateOnly day) => DateOnly.TryParseExact(text, DayForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    /// <summary>Reads a time, or a day, of which the first second is meant.</summary>
    public static bool TryParseTimeOrDay(string? text, out DateTimeOffset time)
    {
        if (TryParseDay(text, out DateOnly day))
        {
            time = new(day, TimeOnly.MinValue, TimeSpan.Zero);
            return true;
        }

        return TryParse(text, out time);
    }

    /// <summary>The time in that form; what is less than a second is cut off.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture);
}
