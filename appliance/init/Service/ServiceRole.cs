using Mantle.Init.Configuration;
using Mantle.Init.Kernel;

namespace Mantle.Init.Service;

/// <summary>
/// The steps between PID 1 and an unprivileged program, in a process of its own: each takes something away, none can be taken back, and
/// the first that fails ends the process before that program has run. All of it is per thread in the kernel; execve(2) keeps
/// the calling thread and ends the runtime's others.
/// </summary>
internal static unsafe class ServiceRole
{
    /// <summary>The steps in order.</summary>
    internal static readonly (string Name, Action<ProcessRole> Run)[] Steps =
    [
        ("session of its own", _ => SystemCallException.Check(Interop.Libc.setsid(), "setsid")),
        ("standard streams on /dev/null", _ => StandardStreams.PointToNull()),
        ("resource limits", role => ResourceLimits.Set(role.Limits)),
        ("capability bounding set", _ => Capabilities.DropBounding()),
        ("secure bits", _ => Capabilities.LockSecureBits()),
        ("user and groups", role => Identity.Become(role.UserId, role.GroupId)),
        ("capabilities", _ => Capabilities.DropAll()),
        ("working directory", role => SystemCallException.Check(Interop.Libc.chdir(role.WorkingDirectory), "chdir")),
        ("no new privileges", _ => Capabilities.SetNoNewPrivileges()),
        ("system call filter", _ => SystemCallFilter.Install()),
        ("signals", _ => ResetSignals()),
        ("descriptors", role => CloseDescriptorsOnExecute((uint)role.FirstClosedDescriptor)),
        ("execute", Execute),
    ];

    /// <summary>Becomes the program of a role; returns by an exception, or when the configuration has no such role.</summary>
    internal static void Run(string name)
    {
        ApplianceConfiguration configuration =
            ApplianceConfigurationReader.Read(KernelFile.ReadAll(ApplianceConfigurationReader.Path, ApplianceConfigurationReader.MaximumLength));
        if (ProcessRole.Of(name, configuration) is { } role)
        {
            foreach ((string _, Action<ProcessRole> run) in Steps)
            {
                run(role);
            }
        }
    }

    private static void ResetSignals()
    {
        // The runtime ignores SIGPIPE, and what is ignored stays so across execve(2).
        _ = Interop.Libc.signal(Signal.SIGPIPE, 0);
        SignalSet none = default;
        const int SetMask = 2;
        _ = Interop.Libc.pthread_sigmask(SetMask, &none, null);
    }

    private static void CloseDescriptorsOnExecute(uint first)
    {
        const nint CloseRange = 436; // x86-64 number of close_range(2)
        const uint CloseOnExecute = 4;
        SystemCallException.Check((int)Interop.Libc.syscall(CloseRange, first, uint.MaxValue, CloseOnExecute), "close_range");
    }

    private static void Execute(ProcessRole role)
    {
        List<string> environment = [];
        foreach ((string key, string value) in role.Environment)
        {
            environment.Add($"{key}={value}");
        }

        using NativeStrings arguments = new([role.Executable, .. role.Arguments]);
        using NativeStrings variables = new(environment);
        _ = Interop.Libc.umask(0x3F); // 0077
        SystemCallException.Check(Interop.Libc.execve(role.Executable, arguments.Pointer, variables.Pointer), "execve");
    }
}
