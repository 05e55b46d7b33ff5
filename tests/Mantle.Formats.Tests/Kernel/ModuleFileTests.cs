using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Kernel;
using Mantle.Formats.Tests.Cpio;
using Mantle.Formats.Tests.Erofs;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Kernel;

public class ModuleFileTests
{
    private static readonly DecompressionOptions s_options = new();
    private static readonly byte[] s_elf = [.. "\u007fELF"u8, .. ErofsTestTrees.Bytes(50_000)];
    private static readonly byte[] s_signature = ErofsTestTrees.Bytes(700, 2);

    [Theory]
    [InlineData(CompressionFormat.Xz, "xz", "--check=crc32", "--lzma2=dict=1MiB")]
    [InlineData(CompressionFormat.Zstandard, "zstd", "-19")]
    [InlineData(CompressionFormat.Gzip, "gzip", "-9")]
    [InlineData(CompressionFormat.None, "cat")]
    public void A_module_is_opened_and_its_signature_found(CompressionFormat format, params string[] compressor)
    {
        using TemporaryFolder folder = new();
        byte[] Packed(byte[] bytes) => format == CompressionFormat.None ? bytes : InitrdTests.Compress(folder, bytes, compressor);
        byte[] signed = [.. s_elf, .. s_signature, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 700 >> 8, 700 & 0xFF, .. "~Module signature appended~\n"u8];

        using ModuleFile module = ModuleFile.Open(ByteSource.FromMemory(Packed(signed)), s_options);
        using ModuleFile without = ModuleFile.Open(ByteSource.FromMemory(Packed(s_elf)), s_options);

        Assert.Equal(format, module.Compression);
        Assert.Equal(s_elf.Length, module.ElfLength);
        Assert.Equal(s_signature, module.Signature!.ToArray());
        Assert.Equal(signed, module.Content.ToArray());
        Assert.Null(without.Signature);
        Assert.Equal(s_elf.Length, without.ElfLength);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(60_000u)]
    [InlineData(uint.MaxValue)]
    public void A_signature_that_does_not_fit_is_refused(uint length)
    {
        byte[] bytes = [.. s_elf, 0, 0, 2, 0, 0, 0, 0, 0, .. BitConverter.GetBytes(length).Reverse(), .. "~Module signature appended~\n"u8];
        Assert.Contains("does not fit", Assert.Throws<MalformedInputException>(() => ModuleFile.Open(ByteSource.FromMemory(bytes), s_options)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/b.ko", true)]
    [InlineData("a/b.ko.xz", true)]
    [InlineData("a/b.ko.zst", true)]
    [InlineData("a/b.ko.gz", true)]
    [InlineData("a/b.so", false)]
    [InlineData("ko", false)]
    public void Modules_are_known_by_their_names(string path, bool isModule) => Assert.Equal(isModule, ModuleFile.IsModulePath(path));
}
