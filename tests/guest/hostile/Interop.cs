using System.Runtime.InteropServices;

namespace Mantle.Hostile;

/// <summary>The kernel, without anything between. Linux x86-64.</summary>
internal static unsafe partial class Interop
{
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);

    /// <summary>Makes a system call: 0 or more, or minus the error number.</summary>
    public static nint Call(int number, nint first = 0, nint second = 0, nint third = 0, nint fourth = 0, nint fifth = 0, nint sixth = 0)
    {
        nint result = syscall(number, first, second, third, fourth, fifth, sixth);
        return result < 0 ? -Marshal.GetLastPInvokeError() : result;
    }

    /// <summary>The same with a path as one of the arguments.</summary>
    public static nint CallWith(string path, Func<nint, nint> call)
    {
        byte[] bytes = [.. System.Text.Encoding.UTF8.GetBytes(path), 0];
        fixed (byte* pointer = bytes)
        {
            return call((nint)pointer);
        }
    }
}
