using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mantle.Unseal.Tests;

/// <summary>socketpair(2): process 1's end and the program's.</summary>
internal sealed unsafe partial class Pair : IDisposable
{
    private readonly int[] _ends = new int[2];

    public Pair()
    {
        const int Unix = 1, SequencedPackets = 5;
        fixed (int* ends = _ends)
        {
            if (socketpair(Unix, SequencedPackets, 0, ends) != 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
        }
    }

    public int Init => _ends[0];

    public int Program => _ends[1];

    public void CloseInit() => Close(0);

    public void CloseProgram() => Close(1);

    public void Dispose()
    {
        CloseInit();
        CloseProgram();
    }

    private void Close(int index)
    {
        int descriptor = Interlocked.Exchange(ref _ends[index], -1);
        if (descriptor >= 0)
        {
            // Closing alone would not wake a thread that waits in recv.
            _ = shutdown(descriptor, 2);
            _ = close(descriptor);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* ends);

    [LibraryImport("libc")]
    private static partial int shutdown(int descriptor, int how);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
