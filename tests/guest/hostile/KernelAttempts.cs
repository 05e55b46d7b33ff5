namespace Mantle.Hostile;

/// <summary>The kernel: code in it, its settings, its clock, its end, name spaces, and privileges.</summary>
internal static class KernelAttempts
{
    private const int UserSpace = 0x10000000, MountSpace = 0x20000, ProcessSpace = 0x20000000, NetworkSpace = 0x40000000;
    private const int Clone = 56, Clone3 = 435, Unshare = 272, Prctl = 157;

    public static IEnumerable<Attempt> All() =>
    [
        .. Code(), .. Settings(), .. Spaces(), .. Privileges(),
    ];

    private static IEnumerable<Attempt> Code() =>
    [
        Attempt.Call("kernel code", "load a module", () => Interop.Call(175)),
        Attempt.Call("kernel code", "load a module from a file", () => Interop.Call(313, -1)),
        Attempt.Call("kernel code", "unload a module", () => Interop.CallWith("erofs", name => Interop.Call(176, name))),
        Attempt.Call("kernel code", "load another kernel", () => Interop.Call(246)),
        Attempt.Call("kernel code", "load another kernel from a file", () => Interop.Call(320)),
        Attempt.Call("kernel code", "load a BPF program", () => Interop.Call(321, 5)),
        Attempt.Call("kernel code", "watch by performance events", () => Interop.Call(298)),
        Attempt.Call("kernel code", "use io_uring", () => Interop.Call(425, 8)),
        Attempt.Call("kernel code", "catch page faults", () => Interop.Call(323)),
        Attempt.Call("kernel code", "change the local descriptor table", () => Interop.Call(154, 1)),
        Attempt.Call("kernel code", "make all memory executable", () => Interop.Call(135, 0x0400000)),
        Attempt.Call("kernel code", "read the kernel's log", () => Interop.Call(103, 3)),
        Attempt.Call("kernel code", "open the kernel's log", () => Files.Open("/dev/kmsg", Files.ReadOnly)),
        Attempt.Call("kernel code", "look for keys", () => Interop.Call(250, 0, -3)),
        Attempt.Call("kernel code", "add a key", () => Interop.Call(248)),
        Attempt.Call("kernel code", "open a file by handle", () => Interop.Call(304, -100)),
        Attempt.Call("kernel code", "watch all files", () => Interop.Call(300)),
        new("kernel code", "call by x32 numbers", () => Interop.Run(Program.Self, Program.X32)),
        new("kernel code", "call as a 32-bit program", () => Interop.Run(Program.Self, Program.I386)),
    ];

    private static IEnumerable<Attempt> Settings() =>
    [
        Attempt.Call("settings", "name a program for the kernel to run", () => Files.Open("/proc/sys/kernel/core_pattern", Files.WriteOnly)),
        Attempt.Call("settings", "press the magic key", () => Files.Open("/proc/sysrq-trigger", Files.WriteOnly)),
        new("settings", "write any of /proc/sys", () => Outcome.Of(Files.Below("/proc/sys", _ => false).Where(path => !Directory.Exists(path) && CanWrite(path)))),
        Attempt.Call("settings", "sleep by /sys/power/state", () => Files.Open("/sys/power/state", Files.WriteOnly)),
        Attempt.Call("settings", "ask the firmware to clear the TPM", () => Files.Open("/sys/class/tpm/tpm0/ppi/request", Files.WriteOnly)),
        Attempt.Call("settings", "be spared when memory is short", () => Files.Open("/proc/self/oom_score_adj", Files.WriteOnly)),
        Attempt.Call("settings", "set the clock", () => Interop.Call(227)),
        Attempt.Call("settings", "set the clock of the day", () => Interop.Call(164)),
        Attempt.Call("settings", "steer the clock", () => Interop.Call(159)),
        Attempt.Call("settings", "name the host", () => Interop.CallWith("hostile", name => Interop.Call(170, name, 7))),
        Attempt.Call("settings", "add swap", () => Interop.CallWith("/tmp/swap", name => Interop.Call(167, name))),
        Attempt.Call("settings", "keep accounts", () => Interop.Call(163)),
        Attempt.Call("settings", "switch the machine off", () => Interop.Call(169, unchecked((int)0xfee1dead), 672274793, 0x4321fedc)),
    ];

    private static IEnumerable<Attempt> Spaces() =>
    [
        Attempt.Call("mounts", "mount something", () => Interop.CallWith("/tmp", path => Interop.CallWith("tmpfs", type => Interop.Call(165, type, path, type)))),
        Attempt.Call("mounts", "make the root writable", () => Interop.CallWith("/", path => Interop.Call(165, 0, path, 0, 0x20))),
        Attempt.Call("mounts", "make /tmp executable", () => Interop.CallWith("/tmp", path => Interop.Call(165, 0, path, 0, 0x1020))),
        Attempt.Call("mounts", "take the secrets away", () => Interop.CallWith("/run/secrets", path => Interop.Call(166, path, 2))),
        Attempt.Call("mounts", "open a file system", () => Interop.CallWith("tmpfs", type => Interop.Call(430, type))),
        Attempt.Call("mounts", "clone a mount", () => Interop.CallWith("/", path => Interop.Call(428, -100, path, 1))),
        Attempt.Call("mounts", "change a mount", () => Interop.CallWith("/tmp", path => Interop.Call(442, -100, path, 0, path, 32))),
        Attempt.Call("mounts", "turn the root", () => Interop.CallWith("/tmp", path => Interop.Call(155, path, path))),
        Attempt.Call("mounts", "leave for another root", () => Interop.CallWith("/tmp", path => Interop.Call(161, path))),
        Attempt.Call("name spaces", "unshare users", () => Interop.Call(Unshare, UserSpace)),
        new("name spaces", "fork into other users", () => Fork(UserSpace)),
        new("name spaces", "fork into other users by clone3", Fork3),
        new("name spaces", "fork into other mounts", () => Fork(MountSpace)),
        new("name spaces", "fork into other processes", () => Fork(ProcessSpace)),
        new("name spaces", "fork into another network", () => Fork(NetworkSpace)),
    ];

    private static IEnumerable<Attempt> Privileges() =>
    [
        Attempt.Call("privileges", "become root", () => Interop.Call(105, 0)),
        Attempt.Call("privileges", "become the attestor's user", () => Interop.Call(117, Program.AttestorUser, Program.AttestorUser, Program.AttestorUser)),
        Attempt.Call("privileges", "join root's group", () => Interop.Call(106, 0)),
        Attempt.Call("privileges", "join other groups", () => Interop.CallWith(new byte[4], groups => Interop.Call(116, 1, groups))),
        Attempt.Call("privileges", "take all capabilities", TakeCapabilities),
        Attempt.Call("privileges", "raise an ambient capability", () => Interop.Call(Prctl, 47, 2, 21)),
        Attempt.Call("privileges", "let root be root again", () => Interop.Call(Prctl, 28, 0)),
        Attempt.Call("privileges", "allow new privileges", () => Interop.Call(Prctl, 38, 0)),
        Attempt.Call("privileges", "take the filter away", () => Interop.Call(Prctl, 22, 0)),
        Attempt.Call("privileges", "be faster than others", () => Interop.Call(141, 0, 0, -20)),
        Attempt.Call("privileges", "be real-time", () => Interop.CallWith([1, 0, 0, 0], priority => Interop.Call(144, 0, 1, priority))),
        Attempt.Call("privileges", "raise the limit of cores", () => Interop.CallWith([.. Enumerable.Repeat((byte)0xFF, 16)], limit => Interop.Call(160, 4, limit))),
        new("privileges", "leave a core", () => Interop.Run(Program.Self, Program.Abort)),
        new("privileges", "start process 1's program as the attestor", () => Interop.Run("/usr/sbin/init", "unseal")),
    ];

    private static bool CanWrite(string path)
    {
        nint descriptor = Files.Open(path, Files.WriteOnly);
        Files.Close(descriptor);
        return descriptor >= 0;
    }

    /// <summary>fork(2) with a name space of its own; the child, where there is one, ends at once.</summary>
    private static Outcome Fork(int space) => Ended(Interop.Call(Clone, space | 17));

    private static Outcome Fork3()
    {
        // struct clone_args: flags first, exit signal at 32.
        byte[] arguments = new byte[88];
        BitConverter.GetBytes((long)UserSpace).CopyTo(arguments, 0);
        BitConverter.GetBytes(17L).CopyTo(arguments, 32);
        return Ended(Interop.CallWith(arguments, pointer => Interop.Call(Clone3, pointer, 88)));
    }

    private static Outcome Ended(nint process)
    {
        if (process == 0)
        {
            _ = Interop.Call(231, Program.Ran);
        }

        return process < 0 ? Outcome.Of(process) : Interop.Await((int)process);
    }

    private static nint TakeCapabilities()
    {
        // capset(2), version 3: all, effective, permitted and inheritable.
        byte[] header = [0x22, 0x05, 0x08, 0x20, 0, 0, 0, 0], data = [.. Enumerable.Repeat((byte)0xFF, 24)];
        return Interop.CallWith(header, first => Interop.CallWith(data, second => Interop.Call(126, first, second)));
    }
}
