using Mantle.Init.Kernel;

namespace Mantle.Init.Service;

/// <summary>
/// User and groups by the bare system calls: glibc's functions interrupt every thread of the process to tell it, and the
/// runtime's threads have nothing to do with what execve(2) will leave.
/// </summary>
internal static class Identity
{
    // x86-64 numbers.
    private const nint SetGroups = 116;
    private const nint SetUserIds = 117;
    private const nint SetGroupIds = 119;

    internal static void Become(uint user, uint group)
    {
        Check(Interop.Libc.syscall(SetGroups, 0, 0, 0), "setgroups");
        Check(Interop.Libc.syscall(SetGroupIds, group, group, group), "setresgid");
        Check(Interop.Libc.syscall(SetUserIds, user, user, user), "setresuid");
    }

    private static void Check(nint result, string call) => SystemCallException.Check((int)result, call);
}
