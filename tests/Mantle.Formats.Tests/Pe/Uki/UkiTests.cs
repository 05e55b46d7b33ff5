using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Pe.Uki;

public class UkiTests
{
    [Fact]
    public void What_was_written_is_read_again()
    {
        UkiSection[] sections = Payload();
        UkiImage uki = UkiReader.Read(Write(sections));

        Assert.Equal(("257.13-1~deb13u1", 257), (uki.StubVersion, uki.StubMajor));
        Assert.Equal([".sbat", .. sections.Select(s => s.Name)], uki.Sections.Select(s => s.Name));
        Assert.All(sections, s => Assert.Equal(s.Content.ToArray(), uki.Sections.Single(u => u.Name == s.Name).Content.ToArray()));
    }

    [Fact]
    public void Geometry_is_what_ukify_makes()
    {
        PeImage stub = PeImage.Read(SyntheticPe.Source(SyntheticPe.Stub()));
        PeImage image = PeImage.Read(Write(Payload()));

        Assert.Equal(stub.Sections, image.Sections.Take(4));
        Assert.Equal(
            [
                new(".osrel", 37, 0x5000, 0x200, 0x1800, 0x40000040),
                new(".cmdline", 11, 0x6000, 0x200, 0x1a00, 0x40000040),
                new(".linux", 7680, 0x7000, 0x1e00, 0x1c00, 0x40000020),
                new(".initrd", 1000, 0x9000, 0x400, 0x3a00, 0x40000040),
            ],
            image.Sections.Skip(4));
        Assert.Equal(0xau * 0x1000, image.SizeOfImage);
        Assert.Equal(stub.TimeDateStamp, image.TimeDateStamp);
        Assert.Equal(0u, image.CheckSum);
        Assert.Equal(37u + 11 + 7680 + 1000, image.SizeOfInitializedData);
        Assert.Equal(image.Source.Length, image.EndOfRawData);
        Assert.Equal(0, image.Source.Length % 8);
    }

    [Fact]
    public void With_contiguous_raw_data_the_digest_covers_every_byte_but_twelve() =>
        Assert.Equal(Write(Payload()).Length - 12, AuthenticodeDigest.HashedContent(PeImage.Read(Write(Payload()))).Length);

    [Theory]
    [InlineData(true, 0x160)]
    [InlineData(false, 0x060)]
    public void A_kernel_without_nx_clears_nx_for_the_whole_image(bool kernel, ushort expected) =>
        Assert.Equal(expected, PeImage.Read(Write([new(".linux", SyntheticPe.Source(SyntheticPe.Kernel(kernel)))])).DllCharacteristics);

    [Fact]
    public void A_given_sbat_replaces_the_stubs_in_place()
    {
        byte[] sbat = "sbat,1\n\0"u8.ToArray();
        PeImage image = PeImage.Read(Write([.. Payload(), new(".sbat", SyntheticPe.Source(sbat))]));

        Assert.Equal(8, image.Sections.Count);
        Assert.Equal(sbat, image.ContentOf(image.Sections[1]).ToArray());
        Assert.Equal("sbat,1\n\0\0"u8.ToArray(), image.Source.ReadBytes(image.Sections[1].PointerToRawData, 9, "test"));
    }

    [Fact]
    public void A_payload_that_a_uki_cannot_have_is_the_callers_mistake()
    {
        UkiSection linux = new(".linux", SyntheticPe.Source(SyntheticPe.Kernel()));
        foreach (UkiSection[] wrong in new UkiSection[][]
        {
            [], [linux, linux], [linux, new(".profile", SyntheticPe.Source([1]))], [linux, new(".initrd", ByteSource.Empty)],
        })
        {
            Assert.Throws<ArgumentException>(() => Write(wrong));
        }
    }

    [Fact]
    public void A_stub_that_cannot_take_the_payload_is_refused()
    {
        byte[] tight = SyntheticPe.Stub(sizeOfHeaders: 0x200);
        AssertRefused(tight, "the stub's headers have room for 4 sections, 8 are needed");
        AssertRefused([.. SyntheticPe.Stub(), 1], "the stub has bytes behind its last section that are no symbol table");

        byte[] signed = [.. SyntheticPe.Stub(), .. new byte[16]];
        SyntheticPe.Put32(signed, 88 + 144, signed.Length - 16);
        SyntheticPe.Put32(signed, 88 + 148, 16);
        SyntheticPe.Put32(signed, signed.Length - 16, 16);
        AssertRefused(signed, "the stub is signed; its signature would not survive");

        byte[] gap = [.. SyntheticPe.Stub(), .. new byte[512]];
        SyntheticPe.Put32(gap, 328 + 120 + 20, gap.Length - 512);
        AssertRefused(gap, "raw data of the stub's section \".reloc\" leaves a gap or is not aligned");

        Assert.Equal(
            "\".sbat\" of 513 bytes does not fit the 512 bytes of the stub's",
            Assert.Throws<MalformedInputException>(() => Write([.. Payload(), new(".sbat", ByteSource.Zeros(513))])).Problem);
    }

    [Fact]
    public void A_symbol_table_behind_the_stub_is_dropped()
    {
        byte[] stub = [.. SyntheticPe.Stub(), .. new byte[18], 4, 0, 0, 0];
        SyntheticPe.Put32(stub, 76, stub.Length - 22);
        SyntheticPe.Put32(stub, 80, 1);

        Assert.Equal(Write(Payload()).ToArray(), UkiWriter.Layout(new() { Stub = SyntheticPe.Source(stub), Sections = Payload() }).ToArray());
    }

    [Theory]
    [InlineData("#### LoaderInfo: systemd-boot 257 ####", "section \".sdmagic\" does not name a version of systemd-stub")]
    [InlineData("#### LoaderInfo: systemd-stub x257 ####", "the version in section \".sdmagic\" does not start with a number")]
    [InlineData("#### LoaderInfo: systemd-stub  ####", "section \".sdmagic\" does not name a version of systemd-stub")]
    [InlineData("#### LoaderInfo: systemd-stub 99999999999 ####", "the version in section \".sdmagic\" does not start with a number")]
    public void A_stub_that_does_not_say_its_version_is_refused(string magic, string problem) =>
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => UkiReader.Read(
            UkiWriter.Layout(new() { Stub = SyntheticPe.Source(SyntheticPe.Stub(magic)), Sections = Payload() }))).Problem);

    [Fact]
    public void A_section_that_is_there_twice_is_refused()
    {
        byte[] image = SyntheticPe.Build([(".linux", [1]), (".linux", [1]), (".sdmagic", Encoding.ASCII.GetBytes(SyntheticPe.StubMagic))]);

        Assert.Equal("section \".linux\" is there twice", Assert.Throws<MalformedInputException>(() => UkiReader.Read(SyntheticPe.Source(image))).Problem);
    }

    [Fact]
    public void A_profile_replaces_sections_of_the_base_by_name()
    {
        UkiImage uki = UkiReader.Read(SyntheticPe.Source(SyntheticPe.Build(
        [
            (".sdmagic", Encoding.ASCII.GetBytes(SyntheticPe.StubMagic)), (".linux", [1]), (".cmdline", [2]), (".dtbauto", [3]), (".dtbauto", [4]),
            (".profile", [10]), (".profile", [11]), (".cmdline", [12]), (".profile", [13]), (".dtbauto", [14]),
        ])));

        Assert.Equal(3, uki.ProfileCount);
        Assert.Equal(".linux=01 .cmdline=02 .dtbauto=03 .dtbauto=04 .profile=0a", Text(uki.Sections));
        Assert.Equal(".linux=01 .cmdline=02 .dtbauto=03 .dtbauto=04 .profile=0a", Text(uki.SectionsOf(0)));
        Assert.Equal(".linux=01 .dtbauto=03 .dtbauto=04 .profile=0b .cmdline=0c", Text(uki.SectionsOf(1)));
        Assert.Equal(".linux=01 .cmdline=02 .profile=0d .dtbauto=0e", Text(uki.SectionsOf(2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => uki.SectionsOf(3));

        static string Text(IEnumerable<UkiSection> sections) =>
            string.Join(' ', sections.Select(section => $"{section.Name}={Convert.ToHexStringLower(section.Content.ToArray())}"));
    }

    [Theory]
    [InlineData("NAME=\"Amazon Linux\"\nVERSION=\"2023\"\n", true)]
    [InlineData("NAME=\"Amazon Linux\"\nVERSION=\"2\"\n", false)]
    [InlineData("NAME=\"Debian GNU/Linux\"\n", false)]
    public void Only_amazon_linux_2023_may_have_a_stub_without_a_version(string osRelease, bool isKnown)
    {
        ByteSource image = SyntheticPe.Source(SyntheticPe.Build([(".linux", [1]), (".osrel", Encoding.ASCII.GetBytes(osRelease))]));

        if (isKnown)
        {
            Assert.Equal(252, UkiReader.Read(image).StubMajor);
        }
        else
        {
            Assert.Equal("no usable section \".sdmagic\": the stub's version is unknown", Assert.Throws<MalformedInputException>(() => UkiReader.Read(image)).Problem);
        }
    }

    [Fact]
    public void Foreign_tools_accept_what_is_made_of_the_packaged_stub()
    {
        using TemporaryFolder folder = new();
        ByteSource stub = SyntheticPe.Source(File.ReadAllBytes(PackagedStub.Require()));
        byte[] uki = UkiWriter.Layout(new() { Stub = stub, Sections = Payload() }).ToArray();
        string path = folder["uki.efi"];
        File.WriteAllBytes(path, uki);

        string objdump = Oracle.Succeed("objdump", "-h", path);
        Assert.All(Payload(), s => Assert.Matches($@"\{s.Name} +{s.Content.Length:x8} ", objdump));
        string digest = Convert.ToHexStringLower(AuthenticodeDigest.Compute(PeImage.Read(SyntheticPe.Source(uki)), HashAlgorithmName.SHA256)[0]);
        Assert.Contains(digest, Oracle.Succeed("pesign", "--hash", $"--in={path}", "--digest_type=sha256"), StringComparison.Ordinal);
        foreach (UkiSection section in Payload())
        {
            Oracle.Succeed("objcopy", "-O", "binary", "--only-section", section.Name, path, folder["section"]);
            Assert.Equal(section.Content.ToArray(), File.ReadAllBytes(folder["section"]).AsSpan(0, (int)section.Content.Length).ToArray());
        }
    }

    [Fact]
    public void Sbsign_signs_what_is_made_without_changing_its_digest()
    {
        using TemporaryFolder folder = new();
        byte[] uki = Write(Payload()).ToArray();
        File.WriteAllBytes(folder["uki.efi"], uki);
        Oracle.Succeed("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder["key.pem"], "-out", folder["cert.pem"], "-subj", "/CN=TEST", "-days", "2");
        (int exitCode, _, string warnings) = Oracle.Run("sbsign", ["--key", folder["key.pem"], "--cert", folder["cert.pem"], "--output", folder["signed.efi"], folder["uki.efi"]]);
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("gap", warnings, StringComparison.Ordinal);
        Assert.Contains("verification OK", Oracle.Succeed("sbverify", "--cert", folder["cert.pem"], folder["signed.efi"]), StringComparison.Ordinal);

        PeImage signed = PeImage.Read(SyntheticPe.Source(File.ReadAllBytes(folder["signed.efi"])));
        Assert.Single(signed.Certificates);
        Assert.Equal(
            AuthenticodeDigest.Compute(PeImage.Read(SyntheticPe.Source(uki)), HashAlgorithmName.SHA256),
            AuthenticodeDigest.Compute(signed, HashAlgorithmName.SHA256));
        string verified = Oracle.Run("osslsigncode", ["verify", "-in", folder["signed.efi"]]).Output;
        Assert.Equal(
            Convert.ToHexString(AuthenticodeDigest.Compute(signed, HashAlgorithmName.SHA256)[0]),
            Regex.Match(verified, @"Calculated message digest *: *([0-9A-F]+)").Groups[1].Value);
    }

    internal static UkiSection[] Payload() =>
    [
        new(".osrel", SyntheticPe.Source(SyntheticPe.Bytes(37, 5))),
        new(".cmdline", SyntheticPe.Source("quiet ro a=b"u8[..11].ToArray())),
        new(".linux", SyntheticPe.Source(SyntheticPe.Kernel())),
        new(".initrd", SyntheticPe.Source(SyntheticPe.Bytes(1000, 6))),
    ];

    internal static ByteSource Write(IReadOnlyList<UkiSection> sections) =>
        UkiWriter.Layout(new() { Stub = SyntheticPe.Source(SyntheticPe.Stub()), Sections = sections });

    private static void AssertRefused(byte[] stub, string problem) =>
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(
            () => UkiWriter.Layout(new() { Stub = SyntheticPe.Source(stub), Sections = Payload() })).Problem);
}
