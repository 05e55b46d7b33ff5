using Mantle.Init.Kernel;

namespace Mantle.Init.Service;

/// <summary>Starts a process: this same program again, in the role that gives up all power and becomes another program.</summary>
internal static unsafe class ServiceProcess
{
    private const short SetSignalDefaults = 4, SetSignalMask = 8;
    private const int AttributesLength = 512; // more than any glibc's sizeof(posix_spawnattr_t) and posix_spawn_file_actions_t

    /// <summary>Starts it and returns its process id.</summary>
    /// <param name="self">This program's path.</param>
    /// <param name="role">A name of <see cref="ProcessRole"/>.</param>
    /// <param name="channel">What it gets as <see cref="ProcessRole.ChannelDescriptor"/>; -1 for nothing.</param>
    internal static int Start(string self, string role, int channel)
    {
        byte* attributes = stackalloc byte[AttributesLength];
        byte* actions = stackalloc byte[AttributesLength];
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
        _ = Interop.Libc.posix_spawn_file_actions_init(actions);
        if (channel >= 0)
        {
            // glibc takes close-on-exec away even where both numbers are the same.
            _ = Interop.Libc.posix_spawn_file_actions_adddup2(actions, channel, ProcessRole.ChannelDescriptor);
        }

        using NativeStrings arguments = new([self, role]);
        using NativeStrings environment = new([]);
        int process;
        int errorNumber = Interop.Libc.posix_spawn(&process, self, actions, attributes, arguments.Pointer, environment.Pointer);
        _ = Interop.Libc.posix_spawnattr_destroy(attributes);
        _ = Interop.Libc.posix_spawn_file_actions_destroy(actions);
        return errorNumber == 0 ? process : throw new SystemCallException($"posix_spawn \"{self}\"", errorNumber);
    }
}
