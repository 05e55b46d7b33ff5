using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Comparison;

namespace Mantle.Measure.Tests.Comparison;

public class CauseFinderTests
{
    [Theory]
    [InlineData("/home/a/project/main.cs", "/srv/other/project/main.cs", LikelyCause.BuildPath)]
    [InlineData("built 2026-11-21 by hand", "built 2026-11-22 by hand", LikelyCause.TimeStamp)]
    [InlineData("id 01234567-89ab-cdef-0123-456789abcdef", "id f1234567-89ab-cdef-0123-456789abcdef", LikelyCause.Identifier)]
    [InlineData("linker version 2.44-3", "linker version 2.45-1", LikelyCause.OtherTool)]
    [InlineData("some text of one kind", "some text of no kind!", LikelyCause.OtherContent)]
    public void Text_inside_of_a_program_tells_the_cause(string a, string b, LikelyCause cause)
    {
        (ByteSource ofA, ByteSource ofB) = (Program(a), Program(b));
        (LikelyCause found, string? evidence) = CauseFinder.Find(ofA, ofB, ByteDifference.Between(ofA, ofB)!.Offset);
        Assert.Equal(cause, found);
        Assert.Equal(cause != LikelyCause.OtherContent, evidence?.Contains(a, StringComparison.Ordinal) == true && evidence.Contains(b, StringComparison.Ordinal));
    }

    [Fact]
    public void A_number_that_is_a_time_is_one()
    {
        byte[] a = new byte[100];
        byte[] b = new byte[100];
        BinaryPrimitives.WriteUInt32LittleEndian(a.AsSpan(40), 1_795_219_200);
        BinaryPrimitives.WriteUInt32LittleEndian(b.AsSpan(40), 1_795_305_600);
        Assert.Equal(
            (LikelyCause.TimeStamp, "2026-11-21T00:00:00Z against 2026-11-22T00:00:00Z, as 32-bit numbers"),
            CauseFinder.Find(ByteSource.FromMemory(a), ByteSource.FromMemory(b), ByteDifference.Between(ByteSource.FromMemory(a), ByteSource.FromMemory(b))!.Offset));
    }

    [Fact]
    public void A_content_that_goes_on_is_truncated_on_the_other_side()
    {
        ByteSource a = Program("text");
        Assert.Equal(LikelyCause.Truncated, CauseFinder.Find(a, a.Slice(0, 50), 50).Cause);
    }

    [Fact]
    public void Lines_in_another_order_are_an_order()
    {
        (ByteSource a, ByteSource b) = (TestImage.Text("one\ntwo\nthree\n"), TestImage.Text("three\none\ntwo\n"));
        Assert.Equal((LikelyCause.Order, "line 1: \"one\" against \"three\""), CauseFinder.Find(a, b, 0));
    }

    [Fact]
    public void The_table_has_every_cause_once()
    {
        Assert.Equal(Enum.GetValues<LikelyCause>(), LikelyCauses.All.Select(entry => entry.Cause));
        Assert.Equal(LikelyCauses.All.Count, LikelyCauses.All.Select(entry => entry.Name).Distinct().Count());
    }

    private static ByteSource Program(string text) =>
        ByteSource.FromMemory((byte[])[1, 2, 3, 0, .. new byte[60], .. Encoding.ASCII.GetBytes(text.PadRight(64, '\0')), 0, 0xff, 0xfe]);
}
