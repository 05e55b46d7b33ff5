using System.Text.RegularExpressions;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Pe;

public class PeImageTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Headers_and_sections_are_read(bool plus)
    {
        byte[] text = SyntheticPe.Bytes(700, 1);
        PeImage image = PeImage.Read(SyntheticPe.Source(SyntheticPe.Build([(".text", text), (".data", [1, 2, 3])], plus)));

        Assert.Equal(plus, image.IsPe32Plus);
        Assert.Equal(10, image.Subsystem);
        Assert.Equal(0x69dd461du, image.TimeDateStamp);
        Assert.Equal([new(".text", 700, 0x1000, 1024, 0x600, 0x40000040), new(".data", 3, 0x2000, 512, 0xa00, 0x40000040)], image.Sections);
        Assert.Equal(text, image.ContentOf(image.Sections[0]).ToArray());
        Assert.Equal(0xc00, image.EndOfRawData);
    }

    [Fact]
    public void Memory_beyond_the_bytes_in_the_file_is_zero()
    {
        PeImage image = PeImage.Read(SyntheticPe.Source(SyntheticPe.Build([(".text", SyntheticPe.Bytes(700, 1))], zeroFill: true)));

        Assert.Equal([.. SyntheticPe.Bytes(700, 1), .. new byte[1000]], image.ContentOf(image.Sections[0]).ToArray());
    }

    [Theory]
    [InlineData(0, 0, "does not start with MZ")]
    [InlineData(60, 8, "the PE header at 0x8 overlaps the DOS header")]
    [InlineData(64, 0, "no PE signature")]
    [InlineData(88, 0, "optional header magic 0x0 is neither PE32 nor PE32+")]
    [InlineData(88 + 108, 15, "15 data directories do not fit an optional header of 240 bytes")]
    [InlineData(88 + 60, 0x100, "SizeOfHeaders 0x100 does not hold the headers or runs past the end")]
    [InlineData(88 + 32, 3000, "SectionAlignment 0xbb8 is no power of two")]
    [InlineData(88 + 56, 0x1800, "section \".data\" ends at address 0x2003, the image at 0x1800")]
    [InlineData(328 + 20, 0x500, "section \".text\" at 0x500 overlaps what ends at 0x600")]
    [InlineData(368 + 20, 0x700, "section \".data\" at 0x700 overlaps what ends at 0xa00")]
    [InlineData(368 + 16, 0x400, "section \".data\" ends at 0xe00, the file at 0xc00")]
    [InlineData(368 + 12, 0x1000, "section \".data\" at address 0x1000 overlaps what ends at 0x12bc")]
    [InlineData(328 + 0, 7, "a section name has bytes that are not printable ASCII")]
    [InlineData(88 + 144, 8, "the certificate table 0x8+0x0 is not 8-aligned between sections and the end of the file")]
    public void A_wrong_field_is_named(int offset, int value, string problem)
    {
        byte[] bytes = SyntheticPe.Build([(".text", SyntheticPe.Bytes(700, 1)), (".data", [1, 2, 3])]);
        SyntheticPe.Put32(bytes, offset, value);

        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => PeImage.Read(SyntheticPe.Source(bytes))).Problem);
    }

    [Theory]
    [InlineData(13, 16, null)]
    [InlineData(16, 16, null)]
    [InlineData(13, 24, "a certificate of 0 bytes does not fit the certificate table")]
    [InlineData(25, 24, "a certificate of 25 bytes does not fit the certificate table")]
    [InlineData(8, 16, "a certificate of 8 bytes does not fit the certificate table")]
    public void The_walk_over_certificates_ends_exactly_at_the_tables_end(int length, int tableSize, string? problem)
    {
        byte[] bytes = WithTable(length, tableSize);
        if (problem is null)
        {
            PeCertificate certificate = Assert.Single(PeImage.Read(SyntheticPe.Source(bytes)).Certificates);
            Assert.Equal((0x200, 2, length - 8), (certificate.Revision, certificate.Type, (int)certificate.Content.Length));
        }
        else
        {
            Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => PeImage.Read(SyntheticPe.Source(bytes))).Problem);
        }
    }

    [Fact]
    public void Bytes_hidden_in_the_padding_of_a_certificate_are_refused()
    {
        byte[] bytes = WithTable(13, 16);
        bytes[^1] = 1;

        Assert.Equal(
            "padding behind a certificate is not zero",
            Assert.Throws<MalformedInputException>(() => PeImage.Read(SyntheticPe.Source(bytes))).Problem);
    }

    [Theory]
    [InlineData("tiny64.efi")]
    [InlineData("test.pecoff")]
    [InlineData("test.pecoff.signed")]
    public void Objdump_sees_the_same_sections(string vector)
    {
        string path = Repository.SharedVector($"authenticode/{vector}");
        AssertSameAsObjdump(path);
    }

    [Fact]
    public void Objdump_sees_the_same_sections_in_the_packaged_stub() => AssertSameAsObjdump(PackagedStub.Require());

    [Fact]
    public void The_printer_shows_sections_directories_and_certificates()
    {
        using StringWriter text = new();
        PePrinter.Print(PeImage.Read(SyntheticPe.Source(WithTable(13, 16))), text);

        Assert.Equal(
            """
            PE32+ machine 0x8664 subsystem 10 characteristics 0x022e dll 0x0160 timestamp 0x69dd461d checksum 0x00000000
            headers 0x600 image 0x3000 at 0x0 entry 0x1000 alignment 0x1000 in memory, 0x200 in the file
            section     address   size      offset    raw size  flags
            .text       00001000  000002bc  00000600  00000400  40000040
            .data       00002000  00000003  00000a00  00000200  40000040
            directory 4  0xc00+0x10 (file offset)
            certificate  revision 0x0200 type 0x0002 5 bytes

            """,
            text.ToString());
    }

    private static byte[] WithTable(int length, int tableSize)
    {
        byte[] image = SyntheticPe.Build([(".text", SyntheticPe.Bytes(700, 1)), (".data", [1, 2, 3])]);
        byte[] table = new byte[tableSize];
        SyntheticPe.Put32(table, 0, length);
        SyntheticPe.Put16(table, 4, 0x200);
        SyntheticPe.Put16(table, 6, 2);
        SyntheticPe.Put32(image, 88 + 144, image.Length);
        SyntheticPe.Put32(image, 88 + 148, tableSize);
        return [.. image, .. table];
    }

    private static void AssertSameAsObjdump(string path)
    {
        string[] theirs = [.. Regex.Matches(Oracle.Succeed("objdump", "-h", path), @"^ +\d+ (\S+) +([0-9a-f]{8}) +([0-9a-f]{16}) +[0-9a-f]{16} +([0-9a-f]{8})", RegexOptions.Multiline)
            .Select(m => $"{m.Groups[1]} {m.Groups[2]} {m.Groups[3]} {m.Groups[4]}")];
        PeImage image = PeImage.Read(ByteSource.FromMemory(File.ReadAllBytes(path)));

        Assert.NotEmpty(theirs);
        Assert.Equal(
            theirs,
            image.Sections.Select(s => $"{s.Name} {Math.Min(s.VirtualSize, s.SizeOfRawData):x8} {image.ImageBase + s.VirtualAddress:x16} {s.PointerToRawData:x8}"));
    }
}
