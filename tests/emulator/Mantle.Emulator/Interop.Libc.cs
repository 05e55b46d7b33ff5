using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mantle.Emulator;

/// <summary>The two calls of libc that the framework does not offer. Layouts are those of 64-bit Linux.</summary>
internal static partial class Interop
{
    internal static partial class Libc
    {
        internal const int SOL_SOCKET = 1;
        internal const int SCM_RIGHTS = 1;
        internal const int MSG_CMSG_CLOEXEC = 0x40000000;
        internal const int SEEK_DATA = 3;
        internal const int SEEK_HOLE = 4;
        internal const int ENXIO = 6;

        [LibraryImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static unsafe partial nint recvmsg(SafeHandle socket, MessageHeader* message, int flags);

        [LibraryImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial long lseek(SafeFileHandle file, long offset, int whence);

        [StructLayout(LayoutKind.Sequential)]
        internal unsafe struct IoVector
        {
            internal void* Base;
            internal nint Length;
        }

        /// <summary>struct msghdr.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal unsafe struct MessageHeader
        {
            internal void* Name;
            internal uint NameLength;
            internal IoVector* Vectors;
            internal nint VectorCount;
            internal void* Control;
            internal nint ControlLength;
            internal int Flags;
        }

        /// <summary>struct cmsghdr with one file descriptor behind it, padded as CMSG_SPACE does.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct DescriptorMessage
        {
            internal nint Length;
            internal int Level;
            internal int Type;
            internal int Descriptor;
            internal int Padding;
        }
    }
}
