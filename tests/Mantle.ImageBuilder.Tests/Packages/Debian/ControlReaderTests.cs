using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages.Debian;
using Mantle.ImageBuilder.Packages.Resolution;

namespace Mantle.ImageBuilder.Tests.Packages.Debian;

public class ControlReaderTests
{
    private const string Sample = "Package: libc6\nVersion: 2.41-12\nArchitecture: amd64\nDescription: short\n long\n .\n\tmore\nEmpty:\n\n\nPackage: other";

    [Fact]
    public void Paragraphs_fields_and_continuation_lines_are_read()
    {
        IReadOnlyList<ControlParagraph> paragraphs = ControlParagraph.ReadAll(Encoding.UTF8.GetBytes(Sample), "test");

        Assert.Equal(2, paragraphs.Count);
        Assert.True(paragraphs[0].TryGet("description", out string? description));
        Assert.Equal("short\n long\n .\n\tmore", description);
        Assert.True(paragraphs[0].TryGet("Empty", out string? empty));
        Assert.Equal("", empty);
        Assert.True(paragraphs[1].TryGet("Package", out string? last));
        Assert.Equal("other", last);
    }

    [Theory]
    [InlineData(" continuation\n", "test: continuation line without a field at offset 0x0")]
    [InlineData("A: b\nno colon\n", "test: line is not \"Name: value\" at offset 0x5")]
    [InlineData("A: b\n: c\n", "test: line is not \"Name: value\" at offset 0x5")]
    [InlineData("A: b\n-B: c\n", "test: line is not \"Name: value\" at offset 0x5")]
    [InlineData("A B: c\n", "test: line is not \"Name: value\" at offset 0x0")]
    [InlineData("#A: b\n", "test: line is not \"Name: value\" at offset 0x0")]
    [InlineData("A: b\r\n", "test: a NUL or carriage return has no place in control data at offset 0x4")]
    [InlineData("A: b\nB: c\na: d\n", "test: field \"a\" occurs twice at offset 0xa")]
    public void What_is_not_control_data_is_refused(string text, string error) =>
        Assert.Equal(error, Assert.Throws<MalformedInputException>(() => ControlParagraph.ReadAll(Encoding.UTF8.GetBytes(text), "test")).Message);

    [Fact]
    public void Comments_are_passed_over_where_people_write_them()
    {
        ControlParagraph paragraph = Assert.Single(ControlParagraph.ReadAll("# c\nA: b\n# c\n d\n"u8, "test", comments: true));
        Assert.Equal(["b", "#", "c", "d"], paragraph.Words("A"));
    }

    [Fact]
    public void Damaged_text_is_read_or_malformed_and_nothing_else()
    {
        byte[] sample = Encoding.UTF8.GetBytes(Sample);
        for (int length = 0; length <= sample.Length; length++)
        {
            Survive(sample[..length]);
        }

        Gen.Select(Gen.Int[0, sample.Length - 1], Gen.Byte).Array[1, 4].Sample(changes =>
        {
            byte[] damaged = [.. sample];
            foreach ((int at, byte value) in changes)
            {
                damaged[at] = value;
            }

            Survive(damaged);
        });
        Gen.Byte.Array.Sample(Survive);
    }

    private static void Survive(byte[] text)
    {
        try
        {
            ControlParagraph.ReadAll(text, "test");
            PackageIndex.Parse("trixie", "amd64", text);
        }
        catch (MalformedInputException)
        {
        }
    }
}
