using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tests.Pe;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Tests.Audit.Corpus;

/// <summary>Ways in through consoles, the boot path, the kernel, the environment; and ways out for data.</summary>
internal static class BootAttacks
{
    private const string GptAutoGenerator = "usr/lib/systemd/system-generators/systemd-gpt-auto-generator";

    public static IEnumerable<Attack> All =>
    [
        Unit("a getty unit under an innocent name signs in by itself", "CONSOLE-005", "health.service", "[Service]\nExecStart=/usr/lib/x getty --autologin root ttyS0\n"),
        File("busybox's process 1 is told to log in by itself", "CONSOLE-005", "etc/inittab", "ttyS0::respawn:/usr/bin/x login -f root\n"),
        Program("a boot splash that asks for passwords", "CONSOLE-006", "usr/sbin/plymouthd"),
        Word("a splash word", "CONSOLE-006", "splash"),
        Word("the kernel debugger on the serial port", "CONSOLE-007", "kgdboc=ttyS0,115200"),
        Word("the kernel log over UDP", "CONSOLE-008", "netconsole=@10.0.0.5/eth0,6666@10.0.0.9/"),
        File("the kernel log over UDP by a module option", "CONSOLE-008", "etc/modprobe.d/a.conf", "options netconsole netconsole=@/,@10.0.0.9/\n"),
        new("the serial driver keeps its ports", "CONSOLE-009", Attack.Uki, Sealed.WithoutCommandLineWord("8250.nr_uarts=0")),
        Word("the serial driver gets its ports back by a later word", "CONSOLE-009", "8250.nr-uarts=4"),
        File("an inittab with a shell", "CONSOLE-010", "etc/inittab", "::askfirst:-/usr/lib/x/sh\n"),
        Word("a graphics console of a hypervisor", "CONSOLE-001", "console=hvc0"),
        new("a console in a second UKI", "CONSOLE-001", "esp:/EFI/Linux/b.efi", Sealed.WithUki("EFI/Linux/b.efi", "{commandline} console=ttyS0")),
        new("an addon with a console", "CONSOLE-001", "esp:/loader/addons/a.addon.efi", Sealed.WithEspFile("loader/addons/a.addon.efi", Addon("console=ttyS0"))),
        Word("a break in the initrd, spelled with a hyphen elsewhere", "CONSOLE-004", "rd.break=pre-mount"),
        Word("a debug shell of systemd's", "CONSOLE-004", "systemd.debug_shell=ttyS0"),

        new("systemd mounts whatever partition appears", "BOOT-004", $"root:/{GptAutoGenerator}", Sealed.WithRootProgram(GptAutoGenerator, TestElf.Program("x"))),
        new(
            "only the initrd's systemd is told not to mount by type", "BOOT-004", $"root:/{GptAutoGenerator}",
            Sealed.WithRootProgram(GptAutoGenerator, TestElf.Program("x")).WithCommandLineWord("rd.systemd.gpt_auto=0")),
        new("a boot menu on the ESP", "BOOT-005", "esp:/loader/loader.conf", Sealed.WithEspFile("loader/loader.conf", PlantedImage.Text("timeout 5\n"))),
        new("a GRUB configuration in the root", "BOOT-005", "root:/boot/grub/grub.cfg", Sealed.WithRootFile("boot/grub/grub.cfg", "set timeout=5\n")),
        new("the firmware's shell under another name", "BOOT-006", "esp:/EFI/BOOT/HEALTH.EFI", Sealed.WithEspFile("EFI/BOOT/HEALTH.EFI", Pe(Utf16("UEFI Interactive Shell v2.2")))),
        new("a start script of the firmware's shell", "BOOT-006", "esp:/startup.nsh", Sealed.WithEspFile("startup.nsh", PlantedImage.Text("fs0:\\a.efi\n"))),
        new("a second UKI", "BOOT-007", "esp:/EFI/Linux/b.efi", Sealed.WithUki("EFI/Linux/b.efi", "{commandline}")),
        new("a second profile of the UKI", "BOOT-007", $"{Attack.Uki}@1", Sealed.WithUkiSection(".profile", PlantedImage.Text("ID=a\n")).WithUkiSection(".cmdline", PlantedImage.Text("quiet"))),
        new("ACPI tables that replace the firmware's", "BOOT-009", $"{Attack.Initrd}/kernel/firmware/acpi/dsdt.aml", Sealed.WithInitrdFile("kernel/firmware/acpi/dsdt.aml", "DSDT0000"u8.ToArray())),
        new("microcode in the initrd", "BOOT-014", $"{Attack.Initrd}/kernel/x86/microcode/GenuineIntel.bin", Sealed.WithInitrdFile("kernel/x86/microcode/GenuineIntel.bin", new byte[64])),
        Word("process 1 from a tmpfs", "BOOT-010", "init=/run/x"),
        Word("a root by label", "BOOT-010", "root=LABEL=root"),
        Word("a root from the network", "BOOT-010", "root=live:http://10.0.0.9/root.squashfs"),
        Unit("extensions are merged over /usr", "BOOT-011", "systemd-sysext.service", "[Service]\nExecStart=/usr/bin/x\n"),
        new("an extension lies in wait", "BOOT-011", "root:/var/lib/extensions/a.raw", Sealed.WithRootFile("var/lib/extensions/a.raw", "x")),
        Word("a boot configuration behind the initrd", "BOOT-012", "bootconfig"),
        Word("a credential on the command line", "BOOT-012", "systemd.set_credential=passwd.plaintext-password.root:x"),
        new("systemd-boot under the name of a tool", "BOOT-013", "esp:/EFI/tools/update.efi", Sealed.WithEspFile("EFI/tools/update.efi", Pe(PlantedImage.Text("#### LoaderInfo: systemd-boot 257 ####")))),

        Word("room for a crash kernel", "KERNEL-002", "crashkernel=256M"),
        Program("a tool that starts other kernels", "KERNEL-002", "usr/sbin/kexec"),
        Word("a partition to sleep on", "KERNEL-003", "resume=/dev/nvme1n1p1"),
        new("modules without signature", "KERNEL-004", Attack.Uki, Sealed.WithoutCommandLineWord("module.sig_enforce=1").WithoutCommandLineWord("lockdown=confidentiality")),
        Word("signatures switched off by a later word", "KERNEL-004", "module.sig-enforce=0"),
        new("a kernel without lockdown", "KERNEL-013", Attack.Uki, Sealed.WithKernel(TestKernel.Build("nothing", null))),
        new("a kernel that says it has no lockdown", "KERNEL-013", Attack.Uki, Sealed.WithKernel(TestKernel.Build("CONFIG_MODULE_SIG=y\n# CONFIG_SECURITY_LOCKDOWN_LSM is not set\n"))),
        new(
            "a kernel whose package says that it checks no module", "KERNEL-014", Attack.Uki,
            Sealed.WithRootFile("boot/config-6.12.1-test", "CONFIG_SECURITY_LOCKDOWN_LSM=y\nCONFIG_MODULES=y\n# CONFIG_MODULE_SIG is not set\n")),
        new("a console in the words that a kernel has itself", "KERNEL-015", Attack.Uki, Sealed.WithKernel(TestKernel.Build("CONFIG_CMDLINE_BOOL=y\nCONFIG_CMDLINE=\"console=ttyS0\"\n"))),
        new("an initrd inside the kernel", "KERNEL-016", Attack.Uki, Sealed.WithKernel(TestKernel.Build("CONFIG_INITRAMFS_SOURCE=\"/tmp/a.cpio\"\n"))),
        new("a kernel that opens all memory", "KERNEL-017", Attack.Uki, Sealed.WithKernel(TestKernel.Build("CONFIG_DEVMEM=y\n# CONFIG_STRICT_DEVMEM is not set\n"))),
        new("a kernel that calls a helper", "KERNEL-018", Attack.Uki, Sealed.WithKernel(TestKernel.Build("CONFIG_UEVENT_HELPER=y\nCONFIG_UEVENT_HELPER_PATH=\"/sbin/h\"\n"))),
        new(
            "a compressed module without a signature", "KERNEL-005", $"{Attack.Initrd}/modules/a.ko.gz",
            Sealed.WithInitrdFile("modules/a.ko.gz", TestKernel.Gzip([.. "\u007fELF"u8, .. new byte[100]]))),
        new(
            "a hash tree by SHA-1", "VERITY-005", "partition 4 (root-x86-64-verity)",
            Sealed.WithPartition(DiscoverablePartitions.RootVerityX64, "more", ByteSource.FromMemory((byte[])[.. "verity\0\0"u8, .. new byte[24], .. "sha1"u8, .. new byte[4060]]))),
        Word("a root hash by SHA-1", "VERITY-005", "usrhash=da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        Word("a hash tree by MD5 in a table", "VERITY-005", "dm-mod.create=\"root,,,ro,0 8 verity 1 /dev/vda2 /dev/vda3 4096 4096 1 1 md5 00 00\""),
        Word("memory as a file", "KERNEL-006", "iomem=relaxed"),
        new("the device of memory", "KERNEL-006", "root:/dev/mem", Sealed.WithRoot(tree => tree.Put("dev/mem", new FileNode(FileKind.CharacterDevice, 0b110_000_000) { DeviceMajor = 1, DeviceMinor = 1 }))),
        File("BPF for every user", "KERNEL-007", "etc/sysctl.d/a.conf", "kernel.unprivileged_bpf_disabled = 0\n"),
        File("tracing for every user", "KERNEL-008", "usr/lib/sysctl.d/a.conf", "kernel.yama.ptrace_scope=0\n"),
        Word("no mitigations", "KERNEL-009", "mitigations=off"),
        Word("lockdown is named and then left out of the modules", "KERNEL-010", "lsm=landlock,yama"),
        Word("a trace from the start, on the console", "KERNEL-011", "tp_printk"),
        Word("SELinux off", "KERNEL-012", "selinux=0"),
        File("a program that gets every crash", "SYSCTL-002", "etc/sysctl.d/a.conf", "kernel.core_pattern=|/usr/bin/service %p\n"),
        Word("a program that gets every crash, by the command line", "SYSCTL-002", "sysctl.kernel.core_pattern=|/usr/bin/service"),
        File("addresses of the kernel for everybody", "SYSCTL-003", "etc/sysctl.conf", "kernel.kptr_restrict 0\n"),
        Word("a library into process 1", "ENV-001", "LD_PRELOAD=/tmp/x.so"),
        Word("a setting of the runtime in process 1", "ENV-001", "DOTNET_GCHeapHardLimit=0"),
        Unit("a hook into the service", "ENV-002", "app.service", "[Service]\nExecStart=/usr/bin/service\nEnvironment=DOTNET_STARTUP_HOOKS=/var/x.dll\n"),
        File("a library into every session", "ENV-002", "etc/environment", "LD_PRELOAD=/var/lib/x.so\n"),

        Word("a loud kernel", "DATA-001", "ignore_loglevel"),
        Program("a tool that writes crash dumps", "DATA-002", "usr/bin/makedumpfile"),
        File("swap on a volume", "DATA-003", "etc/fstab", "/dev/nvme1n1 none swap sw 0 0\n"),
        File("a TLS key", "DATA-004", "etc/service/tls.pem", "-----BEGIN PRIVATE" + " KEY-----\nMC4CAQ\n"),
        File("credentials of an account", "DATA-004", "opt/a/.aws/credentials", "[default]\n"),
        File("logs to another machine", "DATA-005", "etc/rsyslog.d/a.conf", "*.* @@logs.example.com:514\n"),
        Program("a log shipper", "DATA-005", "opt/x/bin/fluent-bit"),
        Program("a collector of core files", "DATA-006", "usr/lib/systemd/systemd-coredump"),
        File("the journal on the console", "DATA-007", "etc/systemd/journald.conf.d/a.conf", "[Journal]\nForwardToConsole=yes\n"),
        File("a message to the maker", "DATA-008", "etc/default/motd-news", "ENABLED=1\n"),
        new("a swap partition", "BOOT-003", "partition 4 (type 0657fd6d-a4ab-43c4-84e5-0933c84b4f4f)", Sealed.WithPartition(new("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"), "swap", ByteSource.Zeros(1 << 20))),
    ];

    private static PlantedImage Sealed => PlantedImage.Sealed();

    private static Attack Word(string name, string rule, string word) => new(name, rule, Attack.Uki, Sealed.WithCommandLineWord(word));

    private static Attack File(string name, string rule, string path, string content) => new(name, rule, $"root:/{path}", Sealed.WithRootFile(path, content));

    private static Attack Program(string name, string rule, string path) => new(name, rule, $"root:/{path}", Sealed.WithRootProgram(path, TestElf.Program("x")));

    /// <summary>A unit that the default target wants.</summary>
    private static Attack Unit(string name, string rule, string unit, string content) => new(
        name, rule, $"root:/usr/lib/systemd/system/{unit}",
        Sealed.WithRootFile("usr/lib/systemd/system/default.target", $"[Unit]\nWants={unit}\n").WithRootFile($"usr/lib/systemd/system/{unit}", content));

    private static byte[] Addon(string commandLine) =>
        SyntheticPe.Build([(".sdmagic", PlantedImage.Text(SyntheticPe.StubMagic)), (".cmdline", PlantedImage.Text(commandLine))], sizeOfHeaders: 0x400);

    private static byte[] Pe(byte[] content) => SyntheticPe.Build([(".text", content)], sizeOfHeaders: 0x400);

    private static byte[] Utf16(string text) => Encoding.Unicode.GetBytes(text);
}
