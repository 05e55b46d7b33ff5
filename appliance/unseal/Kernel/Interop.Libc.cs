using System.Runtime.InteropServices;

namespace Mantle.Unseal.Kernel;

internal static unsafe partial class Interop
{
    internal static partial class Libc
    {
        internal const int EINTR = 4, EBUSY = 16;
        internal const int O_RDWR = 2, O_CLOEXEC = 0x80000;
        internal const int MSG_PEEK = 0x02, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;
        internal const int PR_SET_DUMPABLE = 4;

        [LibraryImport("libc", SetLastError = true)]
        internal static partial nint recv(int descriptor, byte* buffer, nuint length, int flags);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial nint send(int descriptor, byte* buffer, nuint length, int flags);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int open(byte* path, int flags);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial nint read(int descriptor, byte* buffer, nuint length);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial nint write(int descriptor, byte* buffer, nuint length);

        [LibraryImport("libc")]
        internal static partial int close(int descriptor);

        [LibraryImport("libc")]
        internal static partial int prctl(int option, nuint argument, nuint third, nuint fourth, nuint fifth);

        [LibraryImport("libc")]
        internal static partial int clearenv();
    }
}
