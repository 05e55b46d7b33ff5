using Mantle.Formats.Bytes;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Inspection;

namespace Mantle.Image.Tests.Foreign;

/// <summary>Real images of others, made of Debian's packages by Debian's tools: what the audit must say of them, and what it must not.</summary>
public sealed class ForeignImageTests(ForeignImages images) : IClassFixture<ForeignImages>
{
    [Fact]
    public void A_cloud_image_with_an_SSH_server_and_GRUB()
    {
        AuditReport report = Audit(images.Disk());
        string initrd = $"root:/boot/initrd.img-{images.KernelRelease}!";
        Finds(report, "SSH-001", "root:/usr/sbin/sshd", "root:/usr/lib/openssh/sshd-session");
        Finds(report, "SSH-002", "root:/usr/sbin/sshd");
        Finds(report, "SSH-003", "root:/etc/ssh/ssh_host_ed25519_key");
        Finds(report, "SSH-004", "root:/usr/lib/systemd/system/ssh.service");
        Finds(report, "CONSOLE-001", "esp:/EFI/debian/grub.cfg@1");
        Finds(report, "CONSOLE-003", "root:/usr/lib/systemd/system/getty@.service", "root:/usr/sbin/agetty");
        Finds(report, "BOOT-001", $"root:/boot/vmlinuz-{images.KernelRelease}");
        Finds(report, "BOOT-002", "esp:/EFI/debian/grub.cfg");
        Finds(report, "BOOT-005", "esp:/EFI/debian/grub.cfg");
        Finds(report, "BOOT-010", "esp:/EFI/debian/grub.cfg@1");
        Finds(report, "BOOT-013", "esp:/EFI/BOOT/BOOTX64.EFI");
        Finds(report, "VERITY-001", "partition 2 (root-x86-64)");
        Finds(report, "VERITY-002", "esp:/EFI/debian/grub.cfg@1");
        Finds(report, "KERNEL-001", "esp:/EFI/debian/grub.cfg@1");
        Finds(report, "SHELL-001", "root:/usr/bin/bash", "root:/usr/bin/dash", initrd + "/usr/bin/[");
        Finds(report, "SHELL-004", "root:/usr/bin/perl");
        Finds(report, "SHELL-005", "root:/usr/bin/dpkg", "root:/usr/bin/apt-get");
        Finds(report, "PRIV-001", "root:/usr/bin/su");

        // What only looks like a way in: the client's key scanner, a list of files, sockets and devices of systemd's and the kernel's own.
        HasNone(report, "SSH-001", "root:/usr/bin/ssh-keyscan", "root:/usr/bin/ssh", "root:/usr/lib/x86_64-linux-gnu/libssh2.so.1.0.1");
        HasNone(report, "UNIT-006", "root:/usr/lib/systemd/system/kmod-static-nodes.service");
        HasNone(report, "REMOTE-003", "root:/usr/lib/systemd/system/systemd-creds.socket");
        Assert.DoesNotContain(report.Findings, finding => finding.Place.StartsWith("root:/var/lib/dpkg/info/", StringComparison.Ordinal) && finding.Rule.Id == "SHELL-006");
        Assert.DoesNotContain(report.Findings, finding => finding.Rule.Id is "KERNEL-005" or "KERNEL-013" or "KERNEL-014" or "KERNEL-015" or "KERNEL-016" or "KERNEL-017");
        Assert.Empty(report.Gaps);
    }

    [Fact]
    public void A_live_medium_with_its_root_in_a_squashfs()
    {
        AuditReport report = Audit(images.Live());
        Finds(report, "SSH-001", "esp:/live/filesystem.squashfs!/usr/sbin/sshd");
        Finds(report, "SSH-003", "esp:/live/filesystem.squashfs!/etc/ssh/ssh_host_rsa_key");
        Finds(report, "SHELL-001", "esp:/live/filesystem.squashfs!/usr/bin/dash", "esp:/live/initrd.img!/usr/bin/[");
        Finds(report, "PRIV-009", "esp:/boot/grub/grub.cfg@1");
        Finds(report, "CONSOLE-006", "esp:/boot/grub/grub.cfg@1");
        Finds(report, "BOOT-001", "esp:/live/vmlinuz");
        Finds(report, "BOOT-002", "esp:/live/filesystem.squashfs");
        Finds(report, "BOOT-013", "esp:/EFI/BOOT/BOOTX64.EFI");
        Assert.Empty(report.Gaps);
    }

    [Fact]
    public void An_image_of_mkosi_with_verity()
    {
        AuditReport report = Audit(images.Mkosi());
        BootEntry uki = Assert.Single(report.Image.BootEntries, entry => entry.Kind == "uki");
        Finds(report, "CONSOLE-001", uki.Place);
        Finds(report, "KERNEL-001", uki.Place);
        Finds(report, "SSH-001", "root:/usr/sbin/sshd");
        Finds(report, "SHELL-001", "root:/usr/bin/dash");
        Finds(report, "SHELL-008", "root:/usr/bin/python3");

        // What it does well.
        Assert.Equal("squashfs", Assert.Single(report.Image.Volumes, volume => volume.Role == VolumeRole.Root).Format);
        Assert.DoesNotContain(report.Findings, finding => finding.Rule.Id is "VERITY-001" or "VERITY-002" or "VERITY-003" or "VERITY-005");
        Assert.Empty(report.Gaps);
    }

    [Fact]
    public void A_kernel_with_a_busybox_initrd()
    {
        AuditReport report = Audit(images.Busybox());
        Finds(report, "SHELL-001", "esp:/initrd.gz!/bin/busybox");
        Finds(report, "SHELL-002", "esp:/initrd.gz!/bin/busybox");
        Finds(report, "SHELL-003", "esp:/initrd.gz!/init");
        Finds(report, "CONSOLE-001", "esp:/syslinux.cfg@1");
        Finds(report, "BOOT-001", "esp:/vmlinuz");
        Finds(report, "BOOT-005", "esp:/syslinux.cfg");
        Assert.Empty(report.Gaps);
    }

    private static AuditReport Audit(string image)
    {
        AuditReport report = Auditor.Audit(ByteSource.OpenFile(image), new() { InputName = Path.GetFileName(image), Workers = 2, SpoolFolder = Path.GetDirectoryName(image) });
        Assert.Equal(AuditVerdict.Findings, report.Verdict);
        return report;
    }

    private static void Finds(AuditReport report, string rule, params string[] places)
    {
        foreach (string place in places)
        {
            Assert.True(report.Findings.Any(finding => finding.Rule.Id == rule && finding.Place == place), $"{rule} at {place} is missing:\n{Rules(report)}");
        }
    }

    private static void HasNone(AuditReport report, string rule, params string[] places) =>
        Assert.DoesNotContain(report.Findings, finding => finding.Rule.Id == rule && places.Contains(finding.Place));

    private static string Rules(AuditReport report) =>
        string.Join('\n', report.Gaps.Select(gap => $"gap {gap.Place}: {gap.Reason}").Concat(report.Findings.Where(finding => finding.Rule.Id != "SHELL-003").Select(finding => $"{finding.Rule.Id} {finding.Place}")));
}
