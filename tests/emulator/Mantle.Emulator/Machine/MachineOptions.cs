using Mantle.Emulator.Tpm;

namespace Mantle.Emulator.Machine;

/// <summary>How the disk is attached.</summary>
public enum DiskController
{
    /// <summary>NVMe, as EC2's Nitro instances have it.</summary>
    Nvme,

    /// <summary>virtio-blk.</summary>
    VirtioBlock,

    /// <summary>SATA.</summary>
    Ahci,
}

/// <summary>How the TPM is attached.</summary>
public enum TpmInterface
{
    /// <summary>Command response buffer, as NitroTPM has it.</summary>
    Crb,

    /// <summary>TPM interface specification (FIFO).</summary>
    Tis,
}

/// <summary>What machine to make.</summary>
public sealed record MachineOptions
{
    /// <summary>The QEMU program.</summary>
    public required string Qemu { get; init; }

    /// <summary>The swtpm program.</summary>
    public required string SoftwareTpm { get; init; }

    /// <summary>The firmware.</summary>
    public required Firmware Firmware { get; init; }

    /// <summary>The raw disk image; it is opened read-only, what the guest writes is thrown away.</summary>
    public required string DiskImage { get; init; }

    /// <summary>Other disks, which the firmware tries before <see cref="DiskImage"/>, in this order.</summary>
    public IReadOnlyList<string> FirstDisks { get; init; } = [];

    /// <summary>How the disk is attached.</summary>
    public DiskController Disk { get; init; } = DiskController.Nvme;

    /// <summary>How the TPM is attached.</summary>
    public TpmInterface Tpm { get; init; } = TpmInterface.Crb;

    /// <summary>Who may answer TPM commands in the TPM's place.</summary>
    public ITpmInterceptor? Interceptor { get; init; }

    /// <summary>
    /// QEMU's processor model. Not the default one: under software emulation its cmpxchg16b makes Linux 6.12 oops now and then. This one has the
    /// instructions that native .NET code needs, and RDRAND, without which the kernel waits for randomness.
    /// </summary>
    public string Processor { get; init; } = "EPYC";

    /// <summary>Memory in MiB.</summary>
    public int MemoryMebibytes { get; init; } = 768;

    /// <summary>The guest's TCP port that is reachable from the host's loopback.</summary>
    public int GuestPort { get; init; } = 443;

    /// <summary>The servers that the guest reaches; it reaches nothing else.</summary>
    public IReadOnlyList<GuestServer> Servers { get; init; } = [];

    /// <summary>The <c>socat</c> program; needed where there are <see cref="Servers"/>.</summary>
    public string? Relay { get; init; }

    /// <summary>A file for every packet that the guest sends or receives (libpcap format), or null.</summary>
    public string? NetworkCapture { get; init; }

    /// <summary>SMBIOS type 11 strings; systemd-stub takes a command line out of one of them.</summary>
    public IReadOnlyList<string> OemStrings { get; init; } = [];

    /// <summary>Whether a reset that the guest asks for ends the run, as a power-off does.</summary>
    public bool StopAtReset { get; init; }

    /// <summary>Where the guest's memory lies while it runs.</summary>
    public string MemoryFolder { get; init; } = "/dev/shm";

    internal IEnumerable<string> ToArguments(string tpmSocket, string monitorSocket, string serialSocket, string memory, string variables)
    {
        string[] disk = Disk switch
        {
            DiskController.Nvme => ["-device", $"nvme,drive=disk,serial=mantle,bootindex={FirstDisks.Count}"],
            DiskController.VirtioBlock => ["-device", $"virtio-blk-pci,drive=disk,bootindex={FirstDisks.Count}"],
            _ => ["-device", $"ide-hd,drive=disk,bus=ide.0,bootindex={FirstDisks.Count}"],
        };
        IEnumerable<string> first = FirstDisks.SelectMany((path, i) => new[]
        {
            "-drive", $"if=none,id=first{i},format=raw,snapshot=on,file={path}", "-device", $"virtio-blk-pci,drive=first{i},bootindex={i}",
        });
        return
        [
            "-nodefaults", "-display", "none", "-no-user-config", "-no-shutdown",
            .. StopAtReset ? ["-no-reboot"] : Array.Empty<string>(),
            "-machine", $"q35,accel=tcg,memory-backend=memory,smm={(Firmware.NeedsSystemManagementMode ? "on" : "off")}",
            .. Firmware.NeedsSystemManagementMode ? ["-global", "driver=cfi.pflash01,property=secure,value=on"] : Array.Empty<string>(),
            "-cpu", Processor,
            "-m", $"{MemoryMebibytes}M",
            "-object", $"memory-backend-file,id=memory,size={MemoryMebibytes}M,mem-path={memory},share=on",
            "-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Firmware.CodePath}",
            "-drive", $"if=pflash,unit=1,format=raw,file={variables}",
            "-drive", $"if=none,id=disk,format=raw,snapshot=on,file={DiskImage}",
            .. disk,
            .. first,
            "-netdev", string.Join(',', (string[])["user,id=network,restrict=on", $"hostfwd=tcp:127.0.0.1:0-:{GuestPort}", .. ServerOptions()]),
            .. NetworkCapture is null ? Array.Empty<string>() : ["-object", $"filter-dump,id=capture,netdev=network,file={NetworkCapture}"],
            "-device", "virtio-net-pci,netdev=network,romfile=",
            "-vga", "std",
            "-chardev", $"socket,id=serial,path={serialSocket}",
            "-serial", "chardev:serial",
            "-chardev", $"socket,id=monitor,path={monitorSocket}",
            "-mon", "chardev=monitor,mode=control",
            "-chardev", $"socket,id=tpm,path={tpmSocket}",
            "-tpmdev", "emulator,id=tpm0,chardev=tpm",
            "-device", Tpm == TpmInterface.Crb ? "tpm-crb,tpmdev=tpm0" : "tpm-tis,tpmdev=tpm0",
            .. OemStrings.SelectMany(x => new[] { "-smbios", $"type=11,value={x.Replace(",", ",,", StringComparison.Ordinal)}" }),
        ];
    }

    private IEnumerable<string> ServerOptions() =>
        Servers.Count == 0
            ? []
            : Servers
                .Select(x => x.ToOption(Relay ?? throw new ArgumentException("servers of the guest need a relay (socat)")))
                .Prepend(GuestServer.Network);
}
