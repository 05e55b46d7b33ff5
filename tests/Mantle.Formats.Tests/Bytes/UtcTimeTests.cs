using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tests.Bytes;

public class UtcTimeTests
{
    [Theory]
    [InlineData("2026-02-03T10:12:02Z", true)]
    [InlineData("2024-02-29T23:59:59Z", true)]
    [InlineData("2026-02-29T00:00:00Z", false)]
    [InlineData("2026-02-03T24:00:00Z", false)]
    [InlineData("2026-02-03T10:12:60Z", false)]
    [InlineData("2026-02-03T10:12:02z", false)]
    [InlineData("2026-02-03t10:12:02Z", false)]
    [InlineData("2026-02-03 10:12:02Z", false)]
    [InlineData("2026-02-03T10:12:02.0Z", false)]
    [InlineData("2026-02-03T10:12:02+00:00", false)]
    [InlineData("2026-02-03T10:12Z", false)]
    [InlineData(" 2026-02-03T10:12:02Z", false)]
    [InlineData("2026-2-3T10:12:02Z", false)]
    [InlineData("2026-02-03", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_time_has_one_form(string? text, bool isTime)
    {
        Assert.Equal(isTime, UtcTime.TryParse(text, out DateTimeOffset time));
        Assert.True(!isTime || (UtcTime.Text(time) == text && time.Offset == TimeSpan.Zero));
        Assert.Equal(isTime, UtcTime.TryParseTimeOrDay(text, out DateTimeOffset same) && same == time && text != "2026-02-03");
    }

    [Theory]
    [InlineData("2026-02-03", true)]
    [InlineData("2026-02-29", false)]
    [InlineData("2026-2-3", false)]
    [InlineData("2026-02-03Z", false)]
    [InlineData("20260203", false)]
    public void A_day_has_one_form_and_begins_with_its_first_second(string text, bool isDay)
    {
        Assert.Equal(isDay, UtcTime.TryParseDay(text, out _));
        Assert.Equal(isDay, UtcTime.TryParseTimeOrDay(text, out DateTimeOffset time));
        Assert.True(!isDay || UtcTime.Text(time) == text + "T00:00:00Z");
    }

    [Fact]
    public void Another_zone_is_written_in_UTC() =>
        Assert.Equal("2026-02-02T23:12:02Z", UtcTime.Text(new(2026, 2, 3, 1, 12, 2, 999, TimeSpan.FromHours(2))));
}
