using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Tree;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Rules;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Audit;

/// <summary>A way in is found whatever is wrapped around it; what cannot be unwrapped is a gap.</summary>
public sealed class ForeignFormatTests : IDisposable
{
    private static readonly byte[] s_server = TestElf.Program("SSH-2.0-OpenSSH_9.9", "authorized_keys");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gzip", "-n")]
    [InlineData("xz", "--check=crc32")]
    [InlineData("xz", "--format=lzma")]
    [InlineData("zstd", "-q")]
    [InlineData("lz4", "-lq")]
    [InlineData("bzip2", "-q")]
    public void A_server_is_found_in_a_compressed_initrd_behind_microcode(string tool, string option)
    {
        FileTree early = new();
        early.Put("kernel/x86/microcode/AuthenticAMD.bin", FileNode.Regular(ByteSource.FromMemory(new byte[16])));
        ByteSource initrd = ByteSource.FromMemory((byte[])[.. CpioWriter.Layout(early).ToArray(), .. Compress(Archive(), tool, option), .. new byte[64]]);
        PlantedImage.Sealed().WithRawInitrd(initrd).Audit()
            .Finds("SSH-001", "initrd(EFI/BOOT/BOOTX64.EFI):/sbin/helper")
            .Finds("BOOT-014", "initrd(EFI/BOOT/BOOTX64.EFI):/kernel/x86/microcode/AuthenticAMD.bin");
    }

    [Fact]
    public void A_second_segment_takes_the_place_of_what_the_first_had() =>
        PlantedImage.Sealed().WithRawInitrd(ByteSource.FromMemory((byte[])[.. TestKernel.Gzip(Archive("init")), .. TestKernel.Gzip(Archive("init", TestElf.Static("process 1")))])).Audit().IsSealed();

    [Fact]
    public void A_damaged_initrd_is_a_gap()
    {
        byte[] initrd = TestKernel.Gzip(Archive());
        initrd[^6] ^= 1;
        PlantedImage.Sealed().WithRawInitrd(ByteSource.FromMemory(initrd)).Audit().HasGap("esp:/EFI/BOOT/BOOTX64.EFI section .initrd");
    }

    [Fact]
    public void A_compressed_initrd_by_itself_is_an_input() =>
        Auditor.Audit(ByteSource.FromMemory(TestKernel.Gzip(Archive())), new() { Workers = 1 }).Finds("SSH-001", "initrd:/sbin/helper");

    [Fact]
    public void A_compressed_initrd_beside_the_boot_loader_is_read() =>
        PlantedImage.Sealed().WithEspFile("live/initrd.img", TestKernel.Gzip(Archive())).Audit().Finds("SSH-001", "esp:/live/initrd.img!/sbin/helper");

    [Theory]
    [InlineData("gzip")]
    [InlineData("xz")]
    [InlineData("zstd")]
    [InlineData("lz4")]
    public void A_server_is_found_in_a_squashfs_in_the_root(string compression) =>
        PlantedImage.Sealed().WithRootFile("opt/a.img", Squashfs(compression)).Audit().FindsOnly("SSH-001", "root:/opt/a.img!/sbin/helper");

    [Fact]
    public void A_root_of_squashfs_that_verity_covers_is_no_finding() =>
        PlantedImage.Sealed().WithRootVolume(Padded(Squashfs("zstd", TestElf.Program("GET /")))).Audit().IsSealed();

    [Theory]
    [InlineData("ext2")]
    [InlineData("ext4")]
    public void A_server_is_found_in_an_ext_file_system_in_the_root(string type) =>
        PlantedImage.Sealed().WithRootFile("opt/a.img", Ext(type)).Audit().Finds("SSH-001", "root:/opt/a.img!/sbin/helper");

    [Fact]
    public void A_journal_that_was_not_replayed_is_a_gap()
    {
        byte[] image = Ext("ext4", "-O", "^metadata_csum");
        image[1024 + 0x60] |= 4;
        AuditReport report = Auditor.Audit(ByteSource.FromMemory(image), new() { Workers = 1 });
        Assert.Contains(report.Gaps, gap => gap.Format == "ext4" && gap.Reason.Contains("journal", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_bytes_do_not_make_a_file_system()
    {
        byte[] noise = new byte[8192];
        noise.AsSpan().Fill(0x55);
        noise[0x438] = 0x53;
        noise[0x439] = 0xEF;
        PlantedImage.Sealed().WithRootFile("opt/data", noise).Audit().IsSealed();
    }

    [Fact]
    public void A_kernel_that_cannot_be_unpacked_is_a_gap()
    {
        byte[] kernel = TestKernel.Build();
        kernel[0x24C] = 1;
        PlantedImage.Sealed().WithKernel(kernel).Audit().HasGap("esp:/EFI/BOOT/BOOTX64.EFI");
    }

    [Fact]
    public void A_kernel_is_not_looked_into_when_that_is_not_wanted() => Assert.Equal(
        AuditVerdict.Sealed,
        Auditor.Audit(PlantedImage.Sealed().WithKernel(TestKernel.Build("nothing", null)).Disk(), new() { Rules = RuleSet.BuiltIn, LooksIntoKernels = false }).Verdict);

    [Fact]
    public void A_signed_compressed_module_is_no_finding() =>
        PlantedImage.Sealed().WithInitrdFile("modules/a.ko.gz", TestKernel.Gzip(
            [.. "\u007fELF"u8, .. new byte[100], 1, 2, 3, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, .. "~Module signature appended~\n"u8])).Audit().IsSealed();

    [Fact]
    public void A_socket_of_the_file_system_is_no_port()
    {
        PlantedImage Socket(string listen) => PlantedImage.Sealed().WithRootFile("usr/lib/systemd/system/a.socket", $"[Socket]\n{listen}\nAccept=yes\n")
            .WithRootLink("usr/lib/systemd/system/default.target.wants/a.socket", "../a.socket");
        Socket("ListenStream=/run/a").Audit().DoesNotFind("REMOTE-003");
        Socket("ListenStream=/run/a\nListenStream=2222").Audit().Finds("REMOTE-003", "root:/usr/lib/systemd/system/a.socket");
    }

    private static byte[] Archive(string path = "sbin/helper", byte[]? content = null)
    {
        FileTree tree = new();
        tree.Put(path, FileNode.Regular(ByteSource.FromMemory(content ?? s_server), 0b111_101_101));
        return CpioWriter.Layout(tree).ToArray();
    }

    private byte[] Compress(byte[] bytes, string tool, string option)
    {
        File.WriteAllBytes(_folder["plain"], bytes);
        Oracle.Succeed("sh", "-c", $"'{Oracle.Require(tool)}' {option} -c < '{_folder["plain"]}' > '{_folder["packed"]}'");
        return File.ReadAllBytes(_folder["packed"]);
    }

    private string Folder(byte[]? program)
    {
        string folder = _folder["tree"];
        Directory.CreateDirectory(Path.Combine(folder, "sbin"));
        File.WriteAllBytes(Path.Combine(folder, "sbin", "helper"), program ?? s_server);
        return folder;
    }

    private byte[] Squashfs(string compression, byte[]? program = null)
    {
        Oracle.Succeed("mksquashfs", Folder(program), _folder["squashfs"], "-comp", compression, "-all-root", "-noappend", "-quiet", "-no-progress");
        return File.ReadAllBytes(_folder["squashfs"]);
    }

    private byte[] Ext(string type, params string[] options)
    {
        Oracle.Succeed("mke2fs", ["-q", "-t", type, .. options, "-E", "root_owner=0:0", "-d", Folder(null), _folder["ext"], "2M"]);
        return File.ReadAllBytes(_folder["ext"]);
    }

    private static ByteSource Padded(byte[] bytes) => ByteSource.FromMemory((byte[])[.. bytes, .. new byte[(4096 - (bytes.Length % 4096)) % 4096]]);
}
