using System.Runtime.InteropServices;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>Keeps what this process knows from being written out or read by others.</summary>
public static partial class ProcessSecrets
{
    private const int PR_SET_DUMPABLE = 4;
    private const int RLIMIT_CORE = 4;

    /// <summary>
    /// No core dump of this process (prctl(2), PR_SET_DUMPABLE; setrlimit(2)), and nobody but root attaches to it or reads its memory. Call it before the first key
    /// is read. Where the kernel refuses, it goes without: the keys are the user's own.
    /// </summary>
    public static void Protect()
    {
        _ = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        _ = setrlimit(RLIMIT_CORE, [0, 0]);
    }

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, ReadOnlySpan<ulong> limits);
}
