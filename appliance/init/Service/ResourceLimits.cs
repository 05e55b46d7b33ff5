using Mantle.Init.Kernel;

namespace Mantle.Init.Service;

/// <summary>setrlimit(2) values of every process that PID 1 starts; soft and hard are the same.</summary>
internal static unsafe class ResourceLimits
{
    internal static readonly (int Resource, ulong Limit)[] Limits =
    [
        (4, 0), // RLIMIT_CORE: no core file
        (7, 65_536), // RLIMIT_NOFILE
        (6, 4_096), // RLIMIT_NPROC: threads and processes of the user
        (10, 64), // RLIMIT_LOCKS
        (12, 819_200), // RLIMIT_MSGQUEUE, bytes
        (13, 0), // RLIMIT_NICE: no raised priority
        (14, 0), // RLIMIT_RTPRIO: no real-time priority
    ];

    /// <summary>Sets them.</summary>
    /// <param name="more">What the role has beside them.</param>
    internal static void Set(IReadOnlyList<(int Resource, ulong Limit)> more)
    {
        ulong* pair = stackalloc ulong[2];
        foreach ((int resource, ulong limit) in Limits.Concat(more))
        {
            pair[0] = limit;
            pair[1] = limit;
            SystemCallException.Check(Interop.Libc.setrlimit(resource, pair), $"setrlimit {resource}");
        }
    }
}
