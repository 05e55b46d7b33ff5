using Mantle.Init.Kernel;

namespace Mantle.Init.Service;

/// <summary>Starts the service: this same program again, in the role that gives up all power and becomes the service.</summary>
internal static unsafe class ServiceProcess
{
    /// <summary>The argument that selects the role.</summary>
    internal const string Role = "service";

    private const short SetSignalDefaults = 4, SetSignalMask = 8;
    private const int AttributesLength = 512; // more than any glibc's sizeof(posix_spawnattr_t)

    /// <summary>Starts it and returns its process id.</summary>
    internal static int Start(string self)
    {
        byte* attributes = stackalloc byte[AttributesLength];
        SignalSet none = default;
        SignalSet all = default;
        for (int index = 0; index < 16; index++)
        {
            all[index] = ulong.MaxValue;
        }

        // PID 1 blocks signals and the runtime ignores SIGPIPE; a child would inherit both.
        _ = Interop.Libc.posix_spawnattr_init(attributes);
        _ = Interop.Libc.posix_spawnattr_setflags(attributes, SetSignalDefaults | SetSignalMask);
        _ = Interop.Libc.posix_spawnattr_setsigmask(attributes, &none);
        _ = Interop.Libc.posix_spawnattr_setsigdefault(attributes, &all);
        using NativeStrings arguments = new([self, Role]);
        using NativeStrings environment = new([]);
        int process;
        int errorNumber = Interop.Libc.posix_spawn(&process, self, null, attributes, arguments.Pointer, environment.Pointer);
        _ = Interop.Libc.posix_spawnattr_destroy(attributes);
        return errorNumber == 0 ? process : throw new SystemCallException($"posix_spawn \"{self}\"", errorNumber);
    }
}
