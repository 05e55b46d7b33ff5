namespace Mantle.Hostile;

/// <summary>The TPM, memory, disks: what stands in /dev.</summary>
internal static class DeviceAttempts
{
    /// <summary>What everybody may open: it leads nowhere.</summary>
    private static readonly string[] s_harmless = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

    public static IEnumerable<Attempt> All() =>
    [
        Opens("the TPM", "open /dev/tpm0", "/dev/tpm0"),
        Opens("the TPM", "open /dev/tpmrm0", "/dev/tpmrm0"),
        Attempt.Call("the TPM", "make its device in /tmp", () => MakeNode("/tmp/tpm", 0x2000, (10 << 8) | 224)),
        Opens("memory", "open /dev/mem", "/dev/mem"),
        Opens("memory", "open /dev/port", "/dev/port"),
        Attempt.Call("memory", "make /dev/mem in /tmp", () => MakeNode("/tmp/mem", 0x2000, (1 << 8) | 1)),
        Attempt.Call("memory", "open /proc/kcore", () => Files.Open("/proc/kcore", Files.ReadOnly)),
        Attempt.Call("memory", "take the ports (iopl)", () => Interop.Call(172, 3)),
        Attempt.Call("memory", "take a port (ioperm)", () => Interop.Call(173, 0x80, 1, 1)),
        Attempt.Call("disks", "open the disk", () => Files.OpenFirst("/sys/class/block", "nvme", "/dev/")),
        Attempt.Call("disks", "open its controller", () => Files.OpenFirst("/sys/class/nvme", "nvme", "/dev/")),
        Attempt.Call("disks", "open the decrypted volume", () => Files.OpenFirst("/sys/class/block", "dm-", "/dev/")),
        Opens("disks", "open the device mapper", "/dev/mapper/control"),
        Attempt.Call("disks", "make the disk in /tmp", () => MakeNode("/tmp/disk", 0x6000, 259 << 8)),
        Opens("the console", "open /dev/console", "/dev/console"),
        Opens("the console", "open /dev/ttyS0", "/dev/ttyS0"),
        Opens("the console", "open /dev/tty0", "/dev/tty0"),
        Attempt.Call("the console", "listen to the keyboard", () => Files.OpenFirst("/sys/class/input", "event", "/dev/input/")),
        new("any device", "open everything in /dev", () => Outcome.Of(Openable())),
    ];

    private static Attempt Opens(string target, string name, string path) => Attempt.Call(target, name, () => Files.Open(path));

    private static nint MakeNode(string path, int type, int number) => Interop.CallWith(path, name => Interop.Call(133, name, type | 0x1B6, number));

    private static IEnumerable<string> Openable()
    {
        foreach (string path in Files.Below("/dev", path => path == "/dev/shm").Where(path => !s_harmless.Contains(path) && !Directory.Exists(path)))
        {
            foreach (int flags in (int[])[Files.ReadOnly, Files.WriteOnly])
            {
                nint descriptor = Files.Open(path, flags);
                if (descriptor >= 0)
                {
                    Files.Close(descriptor);
                    yield return path;
                    break;
                }
            }
        }
    }
}
