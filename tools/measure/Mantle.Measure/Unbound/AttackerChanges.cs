namespace Mantle.Measure.Unbound;

/// <summary>
/// The changes, as a literal table. Powers: the account's, which means every byte of the disk, the firmware's variables (UefiData), SMBIOS strings, other
/// disks and networks, metadata; not the firmware's code, the hypervisor or the TPM.
/// </summary>
public static class AttackerChanges
{
    private const ChangeEffect No = ChangeEffect.NoOther;
    private const ChangeEffect Yes = ChangeEffect.RunsOther;
    private const ChangeEffect Refused = ChangeEffect.Refused;
    private const ChangeEffect Depends = ChangeEffect.DependsOnSystem;

    /// <summary>The table for machines with Secure Boot on, or off.</summary>
    public static IReadOnlyList<AttackerChange> For(bool secureBoot) =>
    [
        new("other-boot-file", "ESP", "put another program at the boot path", [4], secureBoot ? Refused : Yes, secureBoot ? "db has no key for it" : "the firmware runs it"),
        new("older-release", "disk", "boot an older release that is signed as well", [4], Yes, "its weaknesses are back"),
        new("boot-file-code", "ESP", "change the stub, the kernel or the initrd inside the boot file", [4, 9, 11], secureBoot ? Refused : Yes, "what is hashed is what runs"),
        new("boot-file-cmdline", "ESP", "change section .cmdline of the boot file", [4, 11], secureBoot ? Refused : Yes, "the kernel gets other words"),
        new("boot-file-checksum", "ESP", "change the PE checksum, which Authenticode leaves out", [], No, "nothing reads it"),
        new("boot-file-signature", "ESP", "add or exchange a signature in the certificate table", [], No, "the table is never loaded into the program"),
        new("addon", "ESP", "put an addon (*.addon.efi) beside the boot file or into loader/addons", secureBoot ? [] : [4, 9, 12], secureBoot ? No : Yes, secureBoot ? "without a signature by db the stub ignores it; with one, PCR 4 and 12 move" : "words, initrd or microcode are added"),
        new("signed-addon", "ESP", "put an addon there that db accepts", [4, 9, 12], Yes, "words, initrd or microcode are added"),
        new("credential", "ESP", "put a credential (*.cred) beside the boot file or into loader/credentials", [9, 12], Yes, "the initrd finds it below /.extra"),
        new("system-extension", "ESP", "put a system extension (*.raw) beside the boot file", [9, 13], Yes, "the initrd finds it below /.extra"),
        new("configuration-extension", "ESP", "put a configuration extension (*.confext.raw) beside the boot file", [9, 12], Yes, "the initrd finds it below /.extra"),
        new("esp-other-file", "ESP", "put a file anywhere else on the ESP", [], No, "nothing reads it"),
        new("esp-metadata", "ESP", "change the volume's name, serial number, times or free clusters", [], No, "only contents are loaded"),
        new("loader-configuration", "ESP", "write loader/loader.conf or loader entries", [], No, "only systemd-boot reads them, and the boot file is the image itself"),
        new("random-seed", "ESP", "write loader/random-seed", [], No, "the stub adds it to the kernel's pool, which only adds to the entropy that is there"),
        new("smbios-command-line", "SMBIOS", "set io.systemd.stub.kernel-cmdline-extra", [9, 12], Yes, "the kernel gets more words"),
        new("smbios-credential", "SMBIOS", "set io.systemd.credential strings", [], Depends, "systemd takes them as credentials; nothing else reads them") { Trait = SystemTrait.Systemd },
        new("smbios-strings", "SMBIOS", "set product names, serial numbers, asset tags", [], No, "they are data"),
        new("secure-boot-keys", "UefiData", "exchange PK, KEK, db or dbx", [7], No, "they decide what may run; what runs shows in PCR 4"),
        new("secure-boot-switch", "UefiData", secureBoot ? "switch Secure Boot off" : "switch Secure Boot on", [7], No, "it decides what may run; what runs shows in PCR 4"),
        new("load-options", "UefiData", "give the boot entry options (a command line, a profile)", secureBoot ? [] : [9, 12], secureBoot ? No : Yes, secureBoot ? "the stub ignores them beside section .cmdline" : "they replace the command line"),
        new("boot-order", "UefiData", "let the firmware try another disk or the network first", [1, 4], No, "a boot that fails leaves its words in PCR 4; one that succeeds is another program"),
        new("other-program-first", "UefiData", "let a program run before (SysPrep####, or a boot entry that returns)", [4], secureBoot ? Refused : Yes, "the firmware measures every program that it loads"),
        new("firmware-driver", "UefiData", "let the firmware load a driver (Driver####, DriverOrder)", secureBoot ? [] : [2], secureBoot ? Refused : Yes, secureBoot ? "db has no key for it" : "it is measured in PCR 2 and may change the boot file in memory, after its measurement"),
        new("other-variables", "UefiData", "set any other firmware variable", [], Depends, "systemd reads loader and credential variables; nothing else does") { Trait = SystemTrait.Systemd },
        new("partition-table", "disk", "rename, renumber or retype partitions, or change the disk's GUID", [5], Depends, "systemd's generators mount partitions by type") { Trait = SystemTrait.Systemd },
        new("partition-table-backup", "disk", "change the protective MBR or the backup table", [], No, "firmware measures and uses the primary table"),
        new("disk-growth", "disk", "grow the disk", [], No, "nothing is behind the last partition"),
        new("extra-partition", "disk", "add a partition", [5], Depends, "systemd's generators mount partitions by type") { Trait = SystemTrait.Systemd },
        new("extra-disk", "disk", "attach another disk, also one with the same partition names and GUIDs", [], Depends, "the root is found by its hash; systemd's generators may mount others") { Trait = SystemTrait.UnverifiedRoot },
        new("root-bytes", "disk", "change bytes of the root file system", [], Depends, "dm-verity refuses blocks that the root hash does not cover") { Trait = SystemTrait.UnverifiedRoot },
        new("verity-bytes", "disk", "change bytes of the hash tree or its superblock", [], Depends, "they no longer lead to the root hash") { Trait = SystemTrait.UnverifiedRoot },
        new("user-data", "metadata", "change user data, tags or role of the instance", [], Depends, "a program that executes them is needed") { Trait = SystemTrait.MetadataAgent },
        new("network", "network", "answer DHCP, DNS or NTP, or connect from anywhere", [], No, "it is data; the service must authenticate its peers"),
        new("hardware", "account", "choose another instance type, number of processors or size of memory", [], No, "the same code runs on it"),
        new("tpm-clear", "account", "give the machine a fresh TPM, or stop and start it", [], No, "what was sealed is lost, nothing else runs"),
    ];
}
