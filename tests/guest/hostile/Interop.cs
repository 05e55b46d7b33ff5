using System.Runtime.InteropServices;

namespace Mantle.Hostile;

/// <summary>The kernel, without anything between. Linux x86-64.</summary>
internal static unsafe partial class Interop
{
    /// <summary>How long a child may take, in milliseconds.</summary>
    private const long Patience = 20_000;

    private const int DoNotWait = 1, Kill = 62;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* process, byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int process, out int status, int options);

    /// <summary>Makes a system call: 0 or more, or minus the error number.</summary>
    public static nint Call(int number, nint first = 0, nint second = 0, nint third = 0, nint fourth = 0, nint fifth = 0, nint sixth = 0)
    {
        nint result = syscall(number, first, second, third, fourth, fifth, sixth);
        return result == -1 ? -Marshal.GetLastPInvokeError() : result;
    }

    /// <summary>The same with a path as one of the arguments.</summary>
    public static nint CallWith(string path, Func<nint, nint> call)
    {
        nint pointer = Marshal.StringToCoTaskMemUTF8(path);
        nint result = call(pointer);
        Marshal.FreeCoTaskMem(pointer);
        return result;
    }

    /// <summary>The same with bytes.</summary>
    public static nint CallWith(byte[] bytes, Func<nint, nint> call)
    {
        fixed (byte* pointer = bytes)
        {
            return call((nint)pointer);
        }
    }

    /// <summary>Runs a program to its end; a success is one that says <see cref="Program.Ran"/>.</summary>
    public static Outcome Run(string path, params string[] arguments) => RunWith(-1, path, arguments);

    /// <summary>The same; it gets a descriptor of ours as number 3, where <paramref name="descriptor"/> is none of -1.</summary>
    public static Outcome RunWith(int descriptor, string path, params string[] arguments)
    {
        byte** vector = stackalloc byte*[arguments.Length + 2];
        vector[0] = (byte*)Marshal.StringToCoTaskMemUTF8(path);
        for (int index = 0; index < arguments.Length; index++)
        {
            vector[index + 1] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[index]);
        }

        vector[arguments.Length + 1] = null;
        byte** environment = stackalloc byte*[1] { null };
        byte* actions = stackalloc byte[512];
        _ = posix_spawn_file_actions_init(actions);
        if (descriptor >= 0)
        {
            _ = posix_spawn_file_actions_adddup2(actions, descriptor, 3);
        }

        int process;
        int error = posix_spawn(&process, vector[0], actions, null, vector, environment);
        return error == 0 ? Await(process) : Outcome.Refused(Errno.NameOf(error));
    }

    /// <summary>How a child ended.</summary>
    public static Outcome Await(int process)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            if (waitpid(process, out int status, DoNotWait) == process)
            {
                int signal = status & 0x7F, code = (status >> 8) & 0xFF;
                return (status & 0x80) != 0 ? Outcome.Success("left a core")
                    : signal != 0 ? Outcome.Refused($"signal {signal}")
                    : code == Program.Ran ? Outcome.Success("ran")
                    : Outcome.Refused($"exit {code}");
            }

            if (Environment.TickCount64 - start > Patience)
            {
                _ = Call(Kill, process, 9);
                return Outcome.Success("is still running");
            }

            Thread.Sleep(5);
        }
    }
}
