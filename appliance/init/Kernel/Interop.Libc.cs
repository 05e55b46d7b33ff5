using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
[assembly: DisableRuntimeMarshalling]

namespace Mantle.Init.Kernel;

/// <summary>
/// The C library's functions under their own names; arguments are the x86-64 Linux ABI's. Variadic ones (open, ioctl, prctl,
/// syscall) are declared with the arguments that are passed: on x86-64 those travel in the same registers either way.
/// </summary>
internal static partial class Interop
{
    internal static unsafe partial class Libc
    {
        private const string Name = "libc";

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int mount(string source, string target, string? type, nuint flags, string? data);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int umount2(string target, int flags);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int open(string path, int flags, uint mode);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int close(int descriptor);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int dup2(int from, int to);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial nint read(int descriptor, byte* buffer, nuint count);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial nint pread(int descriptor, byte* buffer, nuint count, long offset);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial nint write(int descriptor, byte* buffer, nuint count);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial nint getdents64(int descriptor, byte* buffer, nuint count);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int ioctl(int descriptor, nuint request, byte* argument);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int mkdir(string path, uint mode);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int access(string path, int mode);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int rmdir(string path);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int unlink(string path);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int rename(string from, string to);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int chown(string path, uint user, uint group);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int chmod(string path, uint mode);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int chdir(string path);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int chroot(string path);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int statfs(string path, byte* buffer);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int sethostname(byte* name, nuint length);

        [LibraryImport(Name)]
        internal static partial int getpid();

        [LibraryImport(Name)]
        internal static partial uint geteuid();

        [LibraryImport(Name)]
        internal static partial uint umask(uint mask);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int setsid();

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int kill(int process, int signal);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int waitpid(int process, int* status, int options);

        [LibraryImport(Name)]
        internal static partial int pthread_sigmask(int how, SignalSet* set, SignalSet* previous);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int sigtimedwait(SignalSet* set, byte* information, long* timeout);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int signalfd(int descriptor, SignalSet* set, int flags);

        [LibraryImport(Name)]
        internal static partial nint signal(int signal, nint handler);

        [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int execve(string path, byte** arguments, byte** environment);

        [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int posix_spawn(int* process, string path, byte* fileActions, byte* attributes, byte** arguments, byte** environment);

        [LibraryImport(Name)]
        internal static partial int posix_spawnattr_init(byte* attributes);

        [LibraryImport(Name)]
        internal static partial int posix_spawnattr_setflags(byte* attributes, short flags);

        [LibraryImport(Name)]
        internal static partial int posix_spawnattr_setsigmask(byte* attributes, SignalSet* set);

        [LibraryImport(Name)]
        internal static partial int posix_spawnattr_setsigdefault(byte* attributes, SignalSet* set);

        [LibraryImport(Name)]
        internal static partial int posix_spawnattr_destroy(byte* attributes);

        [LibraryImport(Name)]
        internal static partial int posix_spawn_file_actions_init(byte* actions);

        [LibraryImport(Name)]
        internal static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

        [LibraryImport(Name)]
        internal static partial int posix_spawn_file_actions_destroy(byte* actions);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int setrlimit(int resource, ulong* limits);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial nint syscall(nint number, nuint first, nuint second, nuint third);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial nint getrandom(byte* buffer, nuint count, uint flags);

        [LibraryImport(Name)]
        internal static partial void sync();

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int reboot(int command);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int socket(int domain, int type, int protocol);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int bind(int descriptor, byte* address, uint length);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int listen(int descriptor, int waiting);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int accept4(int descriptor, byte* address, uint* length, int flags);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int socketpair(int domain, int type, int protocol, int* descriptors);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial int setsockopt(int descriptor, int level, int option, byte* value, uint length);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial nint sendto(int descriptor, byte* buffer, nuint count, int flags, byte* address, uint length);

        [LibraryImport(Name, SetLastError = true)]
        internal static partial nint recv(int descriptor, byte* buffer, nuint count, int flags);
    }
}

/// <summary><c>struct pollfd</c> of poll(2).</summary>
internal struct PollDescriptor
{
    internal const short Input = 1;

    internal int Descriptor;
    internal short Events;
    internal short ReturnedEvents;
}

/// <summary>glibc's <c>sigset_t</c>: 1024 bits, signal N at bit N-1; the kernel looks at the first 64.</summary>
[InlineArray(16)]
internal struct SignalSet
{
    private ulong _first;

    internal static SignalSet Of(params ReadOnlySpan<int> signals)
    {
        SignalSet set = default;
        foreach (int signal in signals)
        {
            set[0] |= 1UL << (signal - 1);
        }

        return set;
    }
}
