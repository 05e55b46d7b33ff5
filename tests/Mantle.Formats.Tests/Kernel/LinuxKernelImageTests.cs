using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Kernel;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tests.Cpio;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Kernel;

public class LinuxKernelImageTests
{
    private const string Configuration = "# Linux/x86 6.12.1 Kernel Configuration\nCONFIG_IKCONFIG=y\nCONFIG_KEXEC=n\n";

    private static readonly DecompressionOptions s_options = new();

    [Theory]
    [InlineData(CompressionFormat.Gzip, "gzip", "-n", "-9")]
    [InlineData(CompressionFormat.Bzip2, "bzip2", "-9")]
    [InlineData(CompressionFormat.Lzma, "xz", "--format=lzma", "-9")]
    [InlineData(CompressionFormat.Xz, "xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB")]
    [InlineData(CompressionFormat.Zstandard, "zstd", "-22", "--ultra")]
    [InlineData(CompressionFormat.Lz4Legacy, "lz4", "-l", "-9")]
    public void The_kernel_is_unpacked_with_version_and_configuration(CompressionFormat format, params string[] compressor)
    {
        using TemporaryFolder folder = new();
        byte[] proper = Proper(withConfiguration: true);
        ByteSource image = ByteSource.FromMemory(BootImage(InitrdTests.Compress(folder, proper, compressor), proper.Length));
        Assert.True(LinuxKernelImage.IsKernel(image));

        using LinuxKernelImage kernel = LinuxKernelImage.Read(image);

        Assert.Equal(format, kernel.Compression);
        Assert.Equal("6.12.1-test (a@b) #1 SMP", kernel.Version);
        Assert.True(kernel.Unpack(s_options).ToArray().AsSpan().SequenceEqual(proper));
        Assert.Equal(Configuration, kernel.ReadConfiguration(s_options));
    }

    [Fact]
    public void A_kernel_without_configuration_has_none()
    {
        using LinuxKernelImage kernel = LinuxKernelImage.Read(ByteSource.FromMemory(Proper(withConfiguration: false)));
        Assert.Null(kernel.ReadConfiguration(s_options));
        Assert.Equal("6.12.1-banner (a@b)", kernel.Version);
    }

    [Fact]
    public void A_zboot_image_is_unpacked()
    {
        using TemporaryFolder folder = new();
        byte[] proper = Proper(withConfiguration: true);
        byte[] payload = InitrdTests.Compress(folder, proper, ["gzip"]);
        byte[] image = [.. new byte[512], .. payload, .. new byte[100]];
        "MZ\0\0zimg"u8.CopyTo(image);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(8), 512);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(12), payload.Length);

        using LinuxKernelImage kernel = LinuxKernelImage.Read(ByteSource.FromMemory(image));

        Assert.Null(kernel.Version);
        Assert.Equal(Configuration, kernel.ReadConfiguration(s_options));
        Assert.Equal("6.12.1-banner (a@b)", kernel.Version);
    }

    [Fact]
    public void Lzop_is_named_as_not_supported()
    {
        using TemporaryFolder folder = new();
        using LinuxKernelImage kernel = LinuxKernelImage.Read(ByteSource.FromMemory(BootImage(InitrdTests.Compress(folder, new byte[1000], ["lzop"]), 1000)));
        Assert.Equal("6.12.1-test (a@b) #1 SMP", kernel.Version);
        Assert.True(Assert.Throws<MalformedInputException>(() => kernel.Unpack(s_options)).IsUnsupported);
    }

    [Fact]
    public void Debians_kernel_is_unpacked()
    {
        using TemporaryFolder folder = new();
        UkiImage uki = UkiReader.Read(ByteSource.OpenFile(BuildOutput.Require("out", "uki.efi")));
        ByteSource Section(string name) => uki.Sections.Single(section => section.Name == name).Content;
        using LinuxKernelImage kernel = LinuxKernelImage.Read(Section(".linux"));
        Assert.StartsWith(Encoding.ASCII.GetString(Section(".uname").ToArray()), kernel.Version, StringComparison.Ordinal);

        ByteSource proper = kernel.Unpack(s_options with { SpoolFolder = folder["spool"] });

        // readelf stands for somebody who knows what a kernel has; it complains of an ELF file with a damaged section.
        using (FileStream file = File.Create(folder["vmlinux"]))
        using (Stream content = proper.OpenStream())
        {
            content.CopyTo(file);
        }

        Assert.Matches("Type: +EXEC", Oracle.Succeed("readelf", "-hlW", folder["vmlinux"]));
        Assert.Contains("Linux version " + Encoding.ASCII.GetString(Section(".uname").ToArray()), Oracle.Succeed("sh", "-c", $"strings -n 20 '{folder["vmlinux"]}' | grep '^Linux version [0-9]'"), StringComparison.Ordinal);
    }

    [Fact]
    public void Mangled_images_are_read_or_refused()
    {
        using TemporaryFolder folder = new();
        byte[] proper = [.. "\u007fELF"u8, .. new byte[500], .. "Linux version 6.1 (a)"u8];
        byte[] image = BootImage(InitrdTests.Compress(folder, proper, ["zstd"]), proper.Length);
        Mangling.Survive(image, source =>
        {
            using LinuxKernelImage kernel = LinuxKernelImage.Read(source);
            kernel.ReadConfiguration(s_options with { MaximumLength = 1 << 20 });
            _ = kernel.Version;
        });
    }

    // A real program, for the x86 filter to have something to do.
    private static byte[] Proper(bool withConfiguration)
    {
        byte[] program = File.ReadAllBytes(Directory.EnumerateFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libclrjit.so").Single());
        byte[] configuration = withConfiguration ? [.. "IKCFG_ST"u8, .. DebBuilder.Gzip(Encoding.ASCII.GetBytes(Configuration)), .. "IKCFG_ED"u8] : [];
        return [.. program, .. "Linux version %s (%s)\0Linux version 6.12.1-banner (a@b)\n\0IKCFG_ST"u8, .. configuration, .. new byte[100]];
    }

    private static byte[] BootImage(byte[] payload, int length)
    {
        byte[] image = [.. new byte[1024 + 300], .. payload, .. BitConverter.GetBytes(length), .. new byte[50]];
        image[0x1F1] = 1;
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x206), 0x20F);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x20E), 0x100);
        "6.12.1-test (a@b) #1 SMP\0"u8.CopyTo(image.AsSpan(0x300));
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x248), 300);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x24C), payload.Length + 4);
        return image;
    }
}
