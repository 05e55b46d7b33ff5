namespace Mantle.Init.Kernel;

/// <summary>Numbers of errno(3) that a caller tells apart.</summary>
internal static class Errno
{
    internal const int EINTR = 4;
    internal const int EAGAIN = 11;
    internal const int ECHILD = 10;
    internal const int EEXIST = 17;
    internal const int ENODEV = 19;
    internal const int ESRCH = 3;
    internal const int EINVAL = 22;
}

/// <summary>Signal numbers, signal(7), x86-64.</summary>
internal static class Signal
{
    internal const int SIGHUP = 1;
    internal const int SIGINT = 2;
    internal const int SIGQUIT = 3;
    internal const int SIGKILL = 9;
    internal const int SIGUSR1 = 10;
    internal const int SIGUSR2 = 12;
    internal const int SIGPIPE = 13;
    internal const int SIGALRM = 14;
    internal const int SIGTERM = 15;
    internal const int SIGCHLD = 17;
    internal const int SIGWINCH = 28;
    internal const int SIGPWR = 30;

    /// <summary>
    /// What PID 1 blocks, in life one already: every thread of life two then starts with them blocked, so none but the
    /// signalfd can take one (another thread would dequeue it and, PID 1 having no handler, drop it).
    /// </summary>
    internal static ReadOnlySpan<int> Handled => [SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCHLD, SIGWINCH, SIGPWR];
}

/// <summary>Flags of open(2), x86-64.</summary>
internal static class OpenFlags
{
    internal const int ReadOnly = 0;
    internal const int WriteOnly = 1;
    internal const int ReadWrite = 2;
    internal const int Create = 0x40;
    internal const int Exclusive = 0x80;
    internal const int Truncate = 0x200;
    internal const int Append = 0x400;
    internal const int NonBlocking = 0x800;
    internal const int Directory = 0x10000;
    internal const int NoFollow = 0x20000;
    internal const int CloseOnExec = 0x80000;
}

/// <summary>Flags of mount(2).</summary>
[Flags]
internal enum MountFlags : uint
{
    None = 0,
    ReadOnly = 1,
    NoSuid = 2,
    NoDevices = 4,
    NoExecution = 8,
    Remount = 32,
    Bind = 4096,
    Move = 8192,
}
