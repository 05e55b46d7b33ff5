using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Deb;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Deb;

public class DebReaderTests
{
    private static readonly byte[] s_control = DebBuilder.Tar(DebBuilder.File("./control", "Package: x\n"));
    private static readonly byte[] s_data = DebBuilder.Tar(DebBuilder.Directory("./"), DebBuilder.File("./a", new string('a', 5000)));

    [Theory]
    [InlineData("debian-binary/2.0;control.tar;data.tar", null)]
    [InlineData("debian-binary/2.0;control.tar.gz;data.tar.gz", null)]
    [InlineData("", "first member is not \"debian-binary\"")]
    [InlineData("control.tar;debian-binary/2.0;data.tar", "first member is not \"debian-binary\"")]
    [InlineData("debian-binary/2.1;control.tar;data.tar", "format version is not \"2.0\"")]
    [InlineData("debian-binary/2.0;data.tar;control.tar", "member 2 is \"data.tar\" where control.tar")]
    [InlineData("debian-binary/2.0;control.tar", "member \"data.tar\" is missing")]
    [InlineData("debian-binary/2.0;control.tar;data.tar.bz2", "member 3 is \"data.tar.bz2\" where data.tar")]
    [InlineData("debian-binary/2.0;control.tar;data.tar;_gpgorigin", "member \"_gpgorigin\" follows data.tar")]
    [InlineData("debian-binary/2.0;control.tar;data.tar;data.tar", "member \"data.tar\" follows data.tar")]
    public void Exactly_three_members_in_order(string members, string? problem)
    {
        byte[] deb = DebBuilder.Archive(members.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(Member));
        if (problem is null)
        {
            Assert.Equal(s_control, DebReader.Read(ByteSource.FromMemory(deb)).DecompressControl());
            Assert.Equal(s_data, Data(deb));
        }
        else
        {
            Assert.Contains(problem, Assert.Throws<MalformedInputException>(() => DebReader.Read(ByteSource.FromMemory(deb))).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("xz")]
    [InlineData("zstd")]
    public void Damage_to_compressed_data_is_never_taken_for_data(string tool)
    {
        using TemporaryFolder folder = new();
        byte[] compressed = Compress(folder, tool, s_data);
        string name = "data.tar" + Extension(tool);
        Assert.Equal(s_data, Data(Deb(name, compressed)));

        // A few header bytes (times, flags of no consequence) may differ without another result; the result itself must not.
        Gen.Int[0, (compressed.Length * 8) - 1].Sample(bit =>
        {
            byte[] damaged = [.. compressed];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Assert.Equal(s_data, Data(Deb(name, damaged)));
            }
            catch (MalformedInputException)
            {
            }
        });

        for (int length = 0; length < compressed.Length; length++)
        {
            Assert.Throws<MalformedInputException>(() => Data(Deb(name, compressed[..length])));
        }

        Assert.Throws<MalformedInputException>(() => Data(Deb(name, [.. compressed, 0, 0, 0, 0])));
        Assert.Throws<MalformedInputException>(() => Data(Deb(name, [.. compressed, .. "garbage!"u8])));
    }

    [Fact]
    public void Two_xz_streams_in_a_row_are_refused()
    {
        using TemporaryFolder folder = new();
        byte[] compressed = Compress(folder, "xz", s_data);

        Assert.Throws<MalformedInputException>(() => Data(Deb("data.tar.xz", [.. compressed, .. compressed])));
    }

    [Fact]
    public void An_xz_dictionary_of_more_than_64_MiB_is_refused_before_it_is_allocated()
    {
        using TemporaryFolder folder = new();
        byte[] accepted = Compress(folder, "xz", s_data, "--lzma2=preset=0,dict=64MiB");
        byte[] refused = Compress(folder, "xz", s_data, "--lzma2=preset=0,dict=96MiB");

        Assert.Equal(s_data, Data(Deb("data.tar.xz", accepted)));
        Assert.Contains("dictionary is larger", Assert.Throws<MalformedInputException>(() => Data(Deb("data.tar.xz", refused))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--check=none")]
    [InlineData("--check=crc32")]
    [InlineData("--check=sha256")]
    [InlineData("--block-size=1KiB")]
    public void Variants_of_xz_are_read(string option)
    {
        using TemporaryFolder folder = new();

        Assert.Equal(s_data, Data(Deb("data.tar.xz", Compress(folder, "xz", s_data, option))));
    }

    [Fact]
    public void Content_of_no_bytes_is_read()
    {
        using TemporaryFolder folder = new();
        foreach (string tool in (string[])["gzip", "xz", "zstd"])
        {
            Assert.Empty(Data(Deb("data.tar" + Extension(tool), Compress(folder, tool, []))));
        }
    }

    [Fact]
    public void A_control_archive_that_grows_beyond_its_limit_is_refused()
    {
        byte[] bomb = DebBuilder.Gzip(new byte[DebReader.MaximumControlLength + 1]);
        byte[] deb = DebBuilder.Archive(Member("debian-binary/2.0"), ("control.tar.gz", bomb), Member("data.tar"));

        Assert.Contains("more than 33554432 bytes", Assert.Throws<MalformedInputException>(() => DebReader.Read(ByteSource.FromMemory(deb)).DecompressControl()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_of_the_destination_is_not_blamed_on_the_package()
    {
        using MemoryStream full = new(new byte[100]);

        Assert.Throws<NotSupportedException>(() => DebReader.DecompressData(ByteSource.FromMemory(Deb("data.tar", s_data)), full));
    }

    [Theory]
    [InlineData(".gz")]
    [InlineData(".xz")]
    [InlineData(".zst")]
    [InlineData("")]
    public void Any_bytes_are_a_package_or_malformed(string extension) =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            try
            {
                byte[] magic = extension switch { ".gz" => [0x1F, 0x8B, 8], ".xz" => [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 4], ".zst" => [0x28, 0xB5, 0x2F, 0xFD], _ => [] };
                Data(Deb("data.tar" + extension, [.. magic, .. bytes]));
            }
            catch (MalformedInputException)
            {
            }
        });

    private static (string Name, byte[] Content) Member(string text) => text.Split('/') switch
    {
        ["debian-binary", string version] => ("debian-binary", [.. version.Select(c => (byte)c), (byte)'\n']),
        ["control.tar"] => ("control.tar", s_control),
        ["control.tar.gz"] => ("control.tar.gz", DebBuilder.Gzip(s_control)),
        ["data.tar"] => ("data.tar", s_data),
        ["data.tar.gz"] => ("data.tar.gz", DebBuilder.Gzip(s_data)),
        [string other, ..] => (other, [0]),
        _ => throw new ArgumentException(text, nameof(text)),
    };

    private static byte[] Deb(string dataName, byte[] data) =>
        DebBuilder.Archive(Member("debian-binary/2.0"), Member("control.tar"), (dataName, data));

    private static byte[] Data(byte[] deb)
    {
        using MemoryStream data = new();
        DebReader.DecompressData(ByteSource.FromMemory(deb), data);
        return data.ToArray();
    }

    private static string Extension(string tool) => tool switch { "gzip" => ".gz", "xz" => ".xz", _ => ".zst" };

    private static byte[] Compress(TemporaryFolder folder, string tool, byte[] bytes, params string[] options)
    {
        File.WriteAllBytes(folder["plain"], bytes);
        Oracle.Succeed(tool, [.. options, .. tool == "zstd" ? (string[])["--check"] : [], "-f", "-k", folder["plain"]]);
        return File.ReadAllBytes(folder["plain" + Extension(tool)]);
    }
}
