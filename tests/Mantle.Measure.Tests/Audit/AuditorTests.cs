using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tree;
using Mantle.Measure.Audit;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Audit;

public class AuditorTests
{
    private const string Uki = "esp:/EFI/BOOT/BOOTX64.EFI";
    private const string AuthorisedKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVubm90aWNlZGtleW9mc29tZWJvZHk1 x\n";
    private static readonly byte[] s_server = TestElf.Program("SSH-2.0-OpenSSH_9.9", "authorized_keys");

    [Fact]
    public void A_sealed_image_is_sealed() => PlantedImage.Sealed().Audit().IsSealed();

    [Fact]
    public void The_sample_appliance_is_sealed()
    {
        ByteSource image = ByteSource.OpenFile(BuildOutput.Require("out", "image.raw"));
        Auditor.Audit(image, new() { Workers = 2 }).IsSealed();
    }

    [Fact]
    public void A_renamed_ssh_server_is_known_by_what_it_says() =>
        PlantedImage.Sealed().WithRootProgram("usr/bin/metrics", s_server).Audit().FindsOnly("SSH-001", "root:/usr/bin/metrics");

    [Fact]
    public void A_server_without_an_execute_bit_is_found_too() =>
        PlantedImage.Sealed().WithRootFile("usr/share/icons/a.png", s_server).Audit().FindsOnly("SSH-001", "root:/usr/share/icons/a.png");

    [Fact]
    public void A_static_32_bit_server_of_another_machine_in_the_initrd_is_found() =>
        PlantedImage.Sealed().WithInitrdProgram("sbin/helper", TestElf.Static32(8, true, "SSH-2.0-dropbear_2025.88")).Audit()
            .FindsOnly("SSH-001", $"initrd({PlantedImage.BootPath}):/sbin/helper");

    [Fact]
    public void A_server_inside_images_inside_the_root_is_found() =>
        PlantedImage.Sealed().WithRootErofs("opt/a.img", outer => outer.Put(
            "b.img",
            FileNode.Regular(PlantedImage.Erofs(inner => inner.Put("bin/c", FileNode.Regular(ByteSource.FromMemory(s_server))))))).Audit()
            .FindsOnly("SSH-001", "root:/opt/a.img!/b.img!/bin/c");

    [Fact]
    public void An_image_nested_too_deep_is_a_gap()
    {
        ByteSource image = PlantedImage.Erofs(tree => tree.Put("x", FileNode.Regular(ByteSource.FromMemory(s_server))));
        for (int i = 0; i < 5; i++)
        {
            ByteSource inner = image;
            image = PlantedImage.Erofs(tree => tree.Put("x", FileNode.Regular(inner)));
        }

        PlantedImage.Sealed().WithRootFile("opt/a", image.ToArray()).Audit().HasGap("root:/opt/a!/x!/x!/x!/x");
    }

    [Fact]
    public void An_authorised_key_is_found_under_any_name() =>
        PlantedImage.Sealed().WithRootFile("usr/share/doc/notes", AuthorisedKey).Audit().FindsOnly("SSH-003", "root:/usr/share/doc/notes");

    [Fact]
    public void A_console_is_found() =>
        PlantedImage.Sealed().WithCommandLineWord("console=ttyS0,115200").Audit().Finds("CONSOLE-001", Uki).Finds("CONSOLE-002", Uki);

    [Fact]
    public void A_console_in_a_second_uki_is_found() =>
        PlantedImage.Sealed().WithUki("EFI/Linux/b.efi", "{commandline} console=ttyS0").Audit()
            .Finds("CONSOLE-001", "esp:/EFI/Linux/b.efi").DoesNotFind("BOOT-002");

    [Fact]
    public void A_console_in_a_profile_of_the_uki_is_found() =>
        PlantedImage.Sealed().WithUkiSection(".profile", PlantedImage.Text("ID=debug\n")).WithUkiSection(".cmdline", PlantedImage.Text("console=ttyS0 rd.break")).Audit()
            .Finds("CONSOLE-001", $"{Uki}@1").Finds("CONSOLE-004", $"{Uki}@1").Finds("VERITY-002", $"{Uki}@1");

    [Fact]
    public void A_section_that_is_there_twice_is_a_gap() =>
        PlantedImage.Sealed().WithUkiSection(".cmdline", PlantedImage.Text("quiet")).Audit().HasGap(Uki);

    [Theory]
    [InlineData("console=ttynull", "CONSOLE-002")]
    [InlineData("lockdown=confidentiality", "KERNEL-001")]
    [InlineData("sysctl.kernel.sysrq=0", "SYSCTL-001")]
    public void A_missing_word_is_found(string word, string rule) => PlantedImage.Sealed().WithoutCommandLineWord(word).Audit().FindsOnly(rule, Uki);

    [Theory]
    [InlineData("sysctl.kernel.sysrq=1", "SYSCTL-001")]
    [InlineData("sysctl.kernel.sysrq=0x1", "SYSCTL-001")]
    [InlineData("sysrq-always-enabled", "SYSCTL-001")]
    [InlineData("rd.break=mount", "CONSOLE-004")]
    [InlineData("dm-mod.create=\"root,,,ro,0 8 verity 1 a b 4096 4096 1 1 sha256 x y 1 ignore_corruption\"", "VERITY-004")]
    public void A_word_is_found(string word, string rule) => PlantedImage.Sealed().WithCommandLineWord(word).Audit().FindsOnly(rule, Uki);

    [Fact]
    public void A_shell_is_known_by_its_name_and_by_its_content() =>
        PlantedImage.Sealed().WithRootLink("bin/sh", "../usr/bin/x").WithInitrdProgram("usr/lib/x", TestElf.Static("BusyBox v1.37.0 (Debian)")).Audit()
            .Finds("SHELL-002", "root:/bin/sh").Finds("SHELL-001", $"initrd({PlantedImage.BootPath}):/usr/lib/x");

    [Fact]
    public void A_script_is_found() => PlantedImage.Sealed().WithRootFile("usr/share/x", "#!/usr/bin/perl -w\n").Audit().FindsOnly("SHELL-003", "root:/usr/share/x");

    [Fact]
    public void A_setuid_file_is_found() =>
        PlantedImage.Sealed().WithRootFile("usr/bin/x", TestElf.Program("x"), 0b100_111_101_101).Audit().FindsOnly("PRIV-001", "root:/usr/bin/x");

    [Fact]
    public void A_capability_on_an_innocent_file_is_found() =>
        PlantedImage.Sealed().WithRoot(tree =>
        {
            Assert.True(tree.TryFind("usr/bin/service", out FileNode? node));
            node.ExtendedAttributes["security.capability"] = [1, 0, 0, 2, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        }).Audit().FindsOnly("PRIV-002", "root:/usr/bin/service");

    [Fact]
    public void A_file_that_everybody_may_write_is_found() =>
        PlantedImage.Sealed().WithRootFile("etc/x", "x", 0b110_110_110).Audit().FindsOnly("PRIV-003", "root:/etc/x");

    [Fact]
    public void A_password_is_found_in_shadow() =>
        PlantedImage.Sealed().WithRootFile("etc/passwd", "root:x:0:0::/:/usr/sbin/nologin\n").WithRootFile("etc/shadow", "root:$y$j9T$abc$def:20000::::::\n").Audit()
            .Finds("ACCOUNT-001", "root:/etc/passwd");

    [Fact]
    public void A_setting_is_found_with_its_line()
    {
        AuditReport report = PlantedImage.Sealed().WithRootFile("etc/sysctl.d/10.conf", "# kernel.sysrq=0\nkernel.sysrq = 438\n").Audit();
        report.FindsOnly("SYSCTL-001", "root:/etc/sysctl.d/10.conf");
        Assert.Equal(2, report.Findings[0].Evidence[0].Line);
    }

    [Fact]
    public void A_root_without_verity_is_found() =>
        PlantedImage.Sealed().WithoutVerity().Audit().Finds("VERITY-001", "partition 2 (root-x86-64)").Finds("VERITY-003", Uki);

    [Fact]
    public void A_command_line_without_root_hash_is_found() =>
        PlantedImage.Sealed().WithRootHashWord("root=LABEL=root").Audit().Finds("VERITY-001", "partition 2 (root-x86-64)").Finds("VERITY-002", Uki);

    [Fact]
    public void Two_root_hashes_are_found() =>
        PlantedImage.Sealed().WithRootHashWord("roothash={roothash} roothash={roothash}").Audit().FindsOnly("VERITY-002", Uki);

    [Fact]
    public void A_changed_block_of_the_root_is_found() =>
        PlantedImage.Sealed().WithDamagedRoot(bytes => bytes[^1] ^= 1).Audit().Finds("VERITY-003", Uki).Finds("VERITY-001", "partition 2 (root-x86-64)");

    [Fact]
    public void A_file_beside_the_uki_is_found() =>
        PlantedImage.Sealed().WithEspFile("EFI/BOOT/BOOTX64.EFI.extra.d/a.cred", [1, 2, 3]).Audit().FindsOnly("BOOT-002", "esp:/EFI/BOOT/BOOTX64.EFI.extra.d/a.cred");

    [Fact]
    public void A_loader_entry_is_found_and_read() =>
        PlantedImage.Sealed().WithEspFile("loader/entries/a.conf", PlantedImage.Text("linux /vmlinuz\noptions init=/bin/bash\noptions console=hvc0\n")).Audit()
            .Finds("CONSOLE-001", "esp:/loader/entries/a.conf").Finds("CONSOLE-004", "esp:/loader/entries/a.conf");

    [Fact]
    public void A_partition_that_nobody_protects_is_found() =>
        PlantedImage.Sealed().WithPartition(new("0fc63daf-8483-4772-8e79-3d69d8477de4"), "data", ByteSource.Zeros(1 << 20)).Audit()
            .FindsOnly("BOOT-003", "partition 4 (type 0fc63daf-8483-4772-8e79-3d69d8477de4)");

    [Fact]
    public void A_second_root_with_another_type_is_searched() =>
        PlantedImage.Sealed().WithPartition(
            new("0fc63daf-8483-4772-8e79-3d69d8477de4"), "data",
            PlantedImage.Erofs(tree => tree.Put("usr/bin/x", FileNode.Regular(ByteSource.FromMemory(s_server))))).Audit()
            .Finds("SSH-001", "root(partition 4):/usr/bin/x").Finds("VERITY-001", "partition 4 (type 0fc63daf-8483-4772-8e79-3d69d8477de4)");

    [Fact]
    public void A_partition_that_cannot_be_read_is_a_gap() =>
        PlantedImage.Sealed().WithPartition(DiscoverablePartitions.UsrX64, "usr", ByteSource.FromMemory((byte[])[.. "LUKS"u8, 0xBA, 0xBE, .. new byte[4096 - 6]])).Audit()
            .HasGap("partition 4 (usr-x86-64)");

    [Fact]
    public void An_initrd_that_cannot_be_read_is_a_gap() =>
        PlantedImage.Sealed().WithRawInitrd(ByteSource.FromMemory(new byte[] { 0x89, (byte)'L', (byte)'Z', (byte)'O', 1, 2, 3, 4 })).Audit().HasGap($"{Uki} section .initrd");

    [Fact]
    public void Bytes_that_are_no_image_are_not_audited()
    {
        AuditReport report = Auditor.Audit(ByteSource.FromMemory("nothing that is known"u8.ToArray()), new());
        Assert.Equal(AuditVerdict.NotAudited, report.Verdict);
    }

    [Fact]
    public void A_getty_in_a_drop_in_of_an_innocent_unit_is_found() =>
        PlantedImage.Sealed()
            .WithRootFile("usr/lib/systemd/system/default.target", "[Unit]\nWants=metrics.service\n")
            .WithRootFile("usr/lib/systemd/system/metrics.service", "[Service]\nExecStart=/usr/bin/service\n")
            .WithRootFile("etc/systemd/system/metrics.service.d/10-more.conf", "[Service]\nExecStart=\nExecStart=-/usr/bin/x \\\n  getty 115200\n").Audit()
            .FindsOnly("CONSOLE-003", "root:/etc/systemd/system/metrics.service.d/10-more.conf");

    [Fact]
    public void A_getty_unit_counts_only_when_it_is_started()
    {
        PlantedImage image = PlantedImage.Sealed()
            .WithRootFile("usr/lib/systemd/system/default.target", "[Unit]\n")
            .WithRootFile("usr/lib/systemd/system/serial-getty@.service", "[Service]\nExecStart=/usr/bin/x -o '-- \\\\u' getty\n");
        image.Audit().IsSealed();
        image.WithRootLink("etc/systemd/system/default.target.wants/serial-getty@ttyS0.service", "/usr/lib/systemd/system/serial-getty@.service").Audit()
            .Finds("CONSOLE-003", "root:/usr/lib/systemd/system/serial-getty@.service");
        image.WithRootLink("etc/systemd/system/default.target.wants/serial-getty@ttyS0.service", "/usr/lib/systemd/system/serial-getty@.service")
            .WithRootLink("etc/systemd/system/serial-getty@.service", "/dev/null").Audit().DoesNotFind("CONSOLE-003");
    }

    [Fact]
    public void The_result_does_not_depend_on_the_number_of_threads()
    {
        PlantedImage image = PlantedImage.Sealed().WithCommandLineWord("console=tty0").WithRootProgram("a", s_server).WithRootProgram("b", s_server).WithInitrdProgram("c", s_server);
        Assert.Equal(AuditAssertions.Print(image.Audit(workers: 1)), AuditAssertions.Print(image.Audit(workers: 8)));
    }
}
