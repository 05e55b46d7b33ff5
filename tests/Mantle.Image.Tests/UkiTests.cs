using System.Buffers.Binary;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>uki.efi: the boot file that the firmware measures and starts.</summary>
public partial class UkiTests(FinishedImage image, TrixieTools trixie)
{
    private static readonly string[] s_banks = ["sha1", "sha256", "sha384", "sha512"];

    [Fact]
    public void Objdump_and_llvm_see_the_same_sections()
    {
        IReadOnlyList<ForeignSection> sections = Objdump.Sections(FinishedImage.Uki);

        Assert.Equal(sections, Objdump.LlvmSections(FinishedImage.Uki));
        Assert.Equal([".osrel", ".cmdline", ".uname", ".initrd", ".linux"], sections.Select(section => section.Name).SkipWhile(name => name != ".osrel"));
        Assert.Contains("PE32+ executable (EFI application) x86-64", Oracle.Succeed("file", "--brief", FinishedImage.Uki), StringComparison.Ordinal);
        Assert.Contains("Linux kernel x86 boot executable", Oracle.Succeed("file", "--brief", image.Sections[".linux"]), StringComparison.Ordinal);
        Assert.Contains("ASCII cpio archive (SVR4 with no CRC)", Oracle.Succeed("file", "--brief", image.Sections[".initrd"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ukify_sees_what_objdump_sees()
    {
        JsonElement inspected = JsonDocument.Parse(await trixie.UkifyAsync("--json=short", "inspect", FinishedImage.Uki)).RootElement;

        string[] names = [".sbat", ".osrel", ".cmdline", ".uname", ".initrd", ".linux"];
        Assert.Equal(names.Order(StringComparer.Ordinal), inspected.EnumerateObject().Select(section => section.Name).Order(StringComparer.Ordinal));
        foreach (string name in names)
        {
            JsonElement section = inspected.GetProperty(name);
            Assert.Equal(new FileInfo(image.Sections[name]).Length, section.GetProperty("size").GetInt64());
            Assert.StartsWith(section.GetProperty("sha256").GetString()!, Oracle.Succeed("sha256sum", image.Sections[name]), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Ukify_builds_the_same_bytes_from_the_same_sections()
    {
        using TemporaryFolder folder = new();
        string stub = folder["stub"];
        Oracle.Succeed(
            "sh", "-c", "dpkg-deb --fsys-tarfile \"$1\" | tar -xO ./usr/lib/systemd/boot/efi/linuxx64.efi.stub > \"$2\"", "sh",
            BuildOutput.Packages()["systemd-boot-efi"], stub);

        // Left to itself, ukify puts the kernel before the initrd and adds its own and the kernel's lines to .sbat; so it gets both as plain sections.
        await trixie.UkifyAsync(
            "build", $"--stub={stub}", $"--os-release=@{image.Sections[".osrel"]}", $"--cmdline=@{image.Sections[".cmdline"]}",
            $"--uname={File.ReadAllText(image.Sections[".uname"])}", $"--initrd={image.Sections[".initrd"]}",
            $"--section=.linux:@{image.Sections[".linux"]}", $"--sbat=@{image.Sections[".sbat"]}", $"--output={folder["theirs.efi"]}");

        byte[] ours = File.ReadAllBytes(FinishedImage.Uki);
        byte[] theirs = File.ReadAllBytes(folder["theirs.efi"]);

        // The one difference: ukify ends .sbat in a NUL byte and counts it.
        int virtualSize = ours.AsSpan().IndexOf(".sbat\0\0\0"u8) + 8;
        uint counted = BinaryPrimitives.ReadUInt32LittleEndian(theirs.AsSpan(virtualSize));
        Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian(ours.AsSpan(virtualSize)) + 1, counted);
        BinaryPrimitives.WriteUInt32LittleEndian(theirs.AsSpan(virtualSize), counted - 1);
        Assert.True(ours.AsSpan().SequenceEqual(theirs), $"first difference at 0x{ours.AsSpan().CommonPrefixLength(theirs):x}");
    }

    [Fact]
    public async Task Systemd_measure_computes_pcr_11_in_all_banks()
    {
        string json = await trixie.MeasureAsync(
            ["calculate", "--json=short", "--phase=", .. s_banks.Select(bank => $"--bank={bank}"),
            .. new[] { "linux", "osrel", "cmdline", "initrd", "uname", "sbat" }.Select(name => $"--{name}={image.Sections["." + name]}")]);
        JsonElement theirs = JsonDocument.Parse(json).RootElement;

        JsonElement ours = image.Pcr(11).GetProperty("values");
        Assert.Equal(s_banks, ours.EnumerateObject().Select(value => value.Name));
        foreach (string bank in s_banks)
        {
            JsonElement value = theirs.GetProperty(bank).EnumerateArray().Single();
            Assert.Equal((11, ours.GetProperty(bank).GetString()), (value.GetProperty("pcr").GetInt32(), value.GetProperty("hash").GetString()));
        }
    }

    [Fact]
    public void Pesign_computes_the_digests_that_pcr_4_is_extended_with()
    {
        JsonElement[] events = [.. image.Events(4).Where(x => x.GetProperty("type").GetString() == "EV_EFI_BOOT_SERVICES_APPLICATION")];
        Assert.Equal(["EFI/BOOT/BOOTX64.EFI", ".linux"], events.Select(x => x.GetProperty("source").GetProperty("name").GetString()));
        foreach ((string file, JsonElement predicted) in new[] { FinishedImage.Uki, image.Sections[".linux"] }.Zip(events))
        {
            // All that pesign 0.112 can.
            foreach (string bank in new[] { "sha1", "sha256" })
            {
                string digest = Oracle.Succeed("pesign", "--hash", $"--digest_type={bank}", $"--in={file}");
                Assert.Equal(predicted.GetProperty("digests").GetProperty(bank).GetString(), Digest().Match(digest).Value);
            }
        }
    }

    [Fact]
    public void Sbverify_finds_no_signature_and_no_gap()
    {
        (_, string output, string error) = Oracle.Run("sbverify", ["--list", FinishedImage.Uki]);
        Assert.Equal("No signature table present", (output + error).Trim());
    }

    [Fact]
    public void The_kernel_version_is_the_one_that_the_kernel_says_of_itself()
    {
        string version = File.ReadAllText(image.Sections[".uname"]);
        Assert.Contains($", version {version} (", Oracle.Succeed("file", "--brief", image.Sections[".linux"]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_initrd_holds_process_1_and_the_modules_in_their_order_and_nothing_else()
    {
        string[] listed = Oracle.Succeed("cpio", "--list", "--quiet", $"--file={image.Sections[".initrd"]}").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] order = File.ReadAllLines(Path.Combine(image.InitrdFolder, "modules", "order"));

        Assert.NotEmpty(order);
        Assert.Equal(listed.Distinct(), listed);
        Assert.Equal(
            ["dev", "init", "modules", "modules/order", "proc", "root", "sys", .. order.Select(name => $"modules/{name}")],
            listed.Where(name => name != ".").OrderBy(name => name.StartsWith("modules/", StringComparison.Ordinal) && name != "modules/order").ThenBy(
                name => Array.IndexOf(order, name[(name.LastIndexOf('/') + 1)..])).ThenBy(name => name, StringComparer.Ordinal));
        Oracle.Succeed("cmp", Path.Combine(image.InitrdFolder, "init"), image.RootFolder + "/usr/sbin/init");
        Assert.Contains("statically linked", File_("init"), StringComparison.Ordinal);
        Assert.All(order, name => Assert.Matches("XZ compressed data|ELF 64-bit LSB relocatable, x86-64", File_($"modules/{name}")));

        string File_(string name) => Oracle.Succeed("file", "--brief", Path.Combine(image.InitrdFolder, name));
    }

    [Fact]
    public void Modprobe_finds_no_module_that_comes_before_one_that_it_needs()
    {
        string[] order = File.ReadAllLines(Path.Combine(image.InitrdFolder, "modules", "order"));
        List<string> loaded = [];
        foreach (string file in order)
        {
            string path = Path.Combine(image.InitrdFolder, "modules", file);
            string[] needed = Oracle.Succeed("modinfo", "--field=depends", path).Trim().Replace('-', '_').Split(',', StringSplitOptions.RemoveEmptyEntries);
            Assert.Subset(new HashSet<string>(loaded), needed.ToHashSet());
            loaded.Add(Oracle.Succeed("modinfo", "--field=name", path).Trim().Replace('-', '_'));
            Assert.StartsWith(File.ReadAllText(image.Sections[".uname"]) + " ", Oracle.Succeed("modinfo", "--field=vermagic", path), StringComparison.Ordinal);
            Assert.Equal("PKCS#7", Oracle.Succeed("modinfo", "--field=sig_id", path).Trim());
        }
    }

    [GeneratedRegex("[0-9a-f]{40,128}")]
    private static partial Regex Digest();
}
