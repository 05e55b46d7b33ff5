namespace Mantle.Hostile;

/// <summary>Process 1 and the attestor: their memory, descriptors, life.</summary>
internal static class ProcessAttempts
{
    private const int Kill = 62, Ptrace = 101, Attach = 16, Seize = 0x4206;

    public static IEnumerable<Attempt> All(int attestor) =>
    [
        .. Of("process 1", 1),
        .. Of("the attestor", attestor),
        new("any process", "see another in /proc", () => Outcome.Of(Others())),
        Attempt.Call("any process", "be traced by a parent", () => Interop.Call(Ptrace, 0)),
    ];

    private static IEnumerable<Attempt> Of(string target, int process) =>
    [
        Attempt.Call(target, $"attach to {target}", () => Interop.Call(Ptrace, Attach, process)),
        Attempt.Call(target, $"seize {target}", () => Interop.Call(Ptrace, Seize, process)),
        Attempt.Call(target, $"read the memory of {target}", () => Files.Open($"/proc/{process}/mem", Files.ReadOnly)),
        Attempt.Call(target, $"read {target} by process_vm_readv", () => Interop.Call(310, process)),
        Attempt.Call(target, $"write {target} by process_vm_writev", () => Interop.Call(311, process)),
        Attempt.Call(target, $"see where the memory of {target} is", () => Files.Open($"/proc/{process}/maps", Files.ReadOnly)),
        Attempt.Call(target, $"read the environment of {target}", () => Files.Open($"/proc/{process}/environ", Files.ReadOnly)),
        Attempt.Call(target, $"enter the root of {target}", () => Files.Open($"/proc/{process}/root", Files.ReadOnly)),
        Attempt.Call(target, $"open a descriptor of {target}", () => Files.Open($"/proc/{process}/fd/3", Files.ReadOnly)),
        Attempt.Call(target, $"take a descriptor of {target}", () => TakeDescriptor(process)),
        Attempt.Call(target, $"find the locks of {target}", () => RobustList(process)),
        Attempt.Call(target, $"kill {target}", () => Interop.Call(Kill, process, 9)),
        Attempt.Call(target, $"kill a thread of {target}", () => Interop.Call(234, process, process, 9)),
        Attempt.Call(target, $"queue a signal to {target}", () => Interop.CallWith(SignalInformation(), information => Interop.Call(129, process, 9, information))),
        Attempt.Call(target, $"signal {target} by descriptor", () => SignalByDescriptor(process)),
        Attempt.Call(target, $"let {target} leave a core", () => Interop.CallWith([.. Enumerable.Repeat((byte)0xFF, 16)], limit => Interop.Call(302, process, 4, limit))),
        Attempt.Call(target, $"slow {target} down", () => Interop.Call(141, 0, process, 19)),
        Attempt.Call(target, $"choose the processor of {target}", () => Interop.CallWith([1, 0, 0, 0, 0, 0, 0, 0], mask => Interop.Call(203, process, 8, mask))),
        Attempt.Call(target, $"move the pages of {target}", () => Interop.Call(256, process)),
        Attempt.Call(target, $"enter the name spaces of {target}", () => Interop.Call(308, Interop.Call(434, process), 0x20000)),
    ];

    private static nint TakeDescriptor(int process)
    {
        nint handle = Interop.Call(434, process);
        return handle < 0 ? handle : Interop.Call(438, handle, 3);
    }

    private static nint SignalByDescriptor(int process)
    {
        nint handle = Interop.Call(434, process);
        return handle < 0 ? handle : Interop.Call(424, handle, 9);
    }

    private static nint RobustList(int process) => Interop.CallWith(new byte[16], result => Interop.Call(274, process, result, result + 8));

    /// <summary>siginfo_t with SI_QUEUE: what a program may claim of itself.</summary>
    private static byte[] SignalInformation()
    {
        byte[] information = new byte[128];
        BitConverter.GetBytes(9).CopyTo(information, 0);
        BitConverter.GetBytes(-1).CopyTo(information, 8);
        return information;
    }

    private static IEnumerable<string> Others() =>
        Directory.GetDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => int.TryParse(name, out int process) && process != Environment.ProcessId);
}
