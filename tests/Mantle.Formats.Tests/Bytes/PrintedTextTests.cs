using System.Globalization;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tests.Bytes;

public class PrintedTextTests
{
    [Theory]
    [InlineData(0, "0.0 MB")]
    [InlineData(500_000, "0.5 MB")]
    [InlineData(1_234_567_890, "1234.6 MB")]
    public void A_size_reads_the_same_in_any_culture(long bytes, string text)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = comma;
        try
        {
            Assert.Equal(text, PrintedText.Megabytes(bytes));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Nothing_in_a_name_reaches_the_terminal_unescaped() =>
        Assert.Equal("a\\u000ab\\u001b[2J\\\\c\\u202e\\xff\ud83d\ude00", PrintedText.Escape("a\nb\u001b[2J\\c\u202e\udcff\ud83d\ude00"));
}
