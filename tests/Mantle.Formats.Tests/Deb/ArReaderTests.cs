using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Deb;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Deb;

public class ArReaderTests
{
    private static readonly byte[] s_archive = DebBuilder.Archive(("one", [1, 2, 3]), ("two", []), ("three", [4, 5]));

    [Fact]
    public void Members_come_in_file_order_with_their_content()
    {
        IReadOnlyList<ArMember> members = ArReader.Read(ByteSource.FromMemory(s_archive));

        Assert.Equal(["one", "two", "three"], members.Select(m => m.Name));
        Assert.Equal([1, 2, 3], members[0].Content.ToArray());
        Assert.Equal([], members[1].Content.ToArray());
        Assert.Equal([4, 5], s_archive[(int)members[2].Offset..][..2]);
    }

    [Fact]
    public void An_archive_made_by_ar_reads_the_same()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["odd"], [7, 8, 9]);
        File.WriteAllBytes(folder["even"], [7, 8]);
        Oracle.Succeed("ar", "qcS", folder["x.a"], folder["odd"], folder["even"]);

        IReadOnlyList<ArMember> members = ArReader.Read(ByteSource.FromMemory(File.ReadAllBytes(folder["x.a"])));

        Assert.Equal(["odd", "even"], members.Select(m => m.Name));
        Assert.Equal([7, 8, 9], members[0].Content.ToArray());
        Assert.Equal([7, 8], members[1].Content.ToArray());
    }

    [Theory]
    [InlineData(0, 'x', "does not begin with")]
    [InlineData(8, ' ', "member name is empty")]
    [InlineData(8, '/', "member name is empty, extended")]
    [InlineData(9, '\n', "not printable")]
    [InlineData(8 + 16, '-', "modification time is not a number of base 10")]
    [InlineData(8 + 40, '8', "mode is not a number of base 8")]
    [InlineData(8 + 48, ' ', "size is empty")]
    [InlineData(8 + 51, '9', "runs past the end")]
    [InlineData(8 + 58, ' ', "does not end with its magic")]
    [InlineData(8 + 60 + 3, 'x', "padding after member \"one\"")]
    public void A_wrong_byte_is_refused_by_what_it_breaks(int offset, char value, string problem)
    {
        byte[] archive = [.. s_archive];
        archive[offset] = (byte)value;
        if (offset == 8 + 51)
        {
            "999"u8.CopyTo(archive.AsSpan(offset - 2));
        }

        if (offset == 8 && value is ' ' or '/')
        {
            "    "u8[..3].CopyTo(archive.AsSpan(offset + 1));
        }

        Assert.Contains(problem, Assert.Throws<MalformedInputException>(() => ArReader.Read(ByteSource.FromMemory(archive))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_cut_anywhere_but_between_members_is_refused()
    {
        int[] whole = [8, 8 + 64, 8 + 64 + 60];
        for (int length = 0; length < s_archive.Length; length++)
        {
            ByteSource cut = ByteSource.FromMemory(s_archive.AsMemory(0, length));
            if (whole.Contains(length))
            {
                ArReader.Read(cut);
            }
            else
            {
                Assert.Throws<MalformedInputException>(() => ArReader.Read(cut));
            }
        }
    }

    [Fact]
    public void Any_bytes_are_an_archive_or_malformed() =>
        Gen.Byte.Array[0, 300].Select(Gen.Bool).Sample((bytes, magic) =>
        {
            try
            {
                ArReader.Read(ByteSource.FromMemory(magic ? [.. "!<arch>\n"u8, .. bytes] : bytes));
            }
            catch (MalformedInputException)
            {
            }
        });
}
