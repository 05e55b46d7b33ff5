using Mantle.Init.Configuration;
using Mantle.Init.Kernel;

namespace Mantle.Init.Service;

/// <summary>
/// The steps between PID 1 and the service, in a process of its own: each takes something away, none can be taken back, and
/// the first that fails ends the process before the service has run. All of it is per thread in the kernel; execve(2) keeps
/// the calling thread and ends the runtime's others.
/// </summary>
internal static unsafe class ServiceRole
{
    /// <summary>The steps in order.</summary>
    internal static readonly (string Name, Action<ServiceConfiguration> Run)[] Steps =
    [
        ("session of its own", _ => SystemCallException.Check(Interop.Libc.setsid(), "setsid")),
        ("standard streams on /dev/null", _ => StandardStreams.PointToNull()),
        ("resource limits", _ => ResourceLimits.Set()),
        ("capability bounding set", _ => Capabilities.DropBounding()),
        ("secure bits", _ => Capabilities.LockSecureBits()),
        ("user and groups", service => Identity.Become(service.UserId, service.GroupId)),
        ("capabilities", _ => Capabilities.DropAll()),
        ("working directory", service => SystemCallException.Check(Interop.Libc.chdir(service.WorkingDirectory), "chdir")),
        ("no new privileges", _ => Capabilities.SetNoNewPrivileges()),
        ("system call filter", _ => SystemCallFilter.Install()),
        ("signals", _ => ResetSignals()),
        ("descriptors", _ => CloseDescriptorsOnExecute()),
        ("execute", Execute),
    ];

    /// <summary>Becomes the service; returns only by an exception.</summary>
    internal static void Run()
    {
        ServiceConfiguration service =
            ApplianceConfigurationReader.Read(KernelFile.ReadAll(ApplianceConfigurationReader.Path, ApplianceConfigurationReader.MaximumLength)).Service;
        foreach ((string _, Action<ServiceConfiguration> run) in Steps)
        {
            run(service);
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

    private static void CloseDescriptorsOnExecute()
    {
        const nint CloseRange = 436; // x86-64 number of close_range(2)
        const uint CloseOnExecute = 4;
        SystemCallException.Check((int)Interop.Libc.syscall(CloseRange, 3, uint.MaxValue, CloseOnExecute), "close_range");
    }

    private static void Execute(ServiceConfiguration service)
    {
        List<string> environment = [];
        foreach ((string key, string value) in service.Environment)
        {
            environment.Add($"{key}={value}");
        }

        using NativeStrings arguments = new([service.Executable, .. service.Arguments]);
        using NativeStrings variables = new(environment);
        _ = Interop.Libc.umask(0x3F); // 0077
        SystemCallException.Check(Interop.Libc.execve(service.Executable, arguments.Pointer, variables.Pointer), "execve");
    }
}
