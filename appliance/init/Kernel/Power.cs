using System.Runtime.InteropServices;
using Mantle.Init.Configuration;

namespace Mantle.Init.Kernel;

/// <summary>The end of the machine.</summary>
internal static unsafe class Power
{
    private const int Restart = 0x01234567;
    private const int PowerOff = 0x4321FEDC;
    private const int CtrlAltDelOff = 0;

    /// <summary>
    /// Ctrl-Alt-Del no longer reboots at once but sends PID 1 a SIGINT, which it does not heed.
    /// </summary>
    internal static void DisableCtrlAltDel() => SystemCallException.Check(Interop.Libc.reboot(CtrlAltDelOff), "reboot(CAD_OFF)");

    /// <summary>
    /// Asks every process to end, waits, ends them, flushes and leaves. Nothing in it throws, and it doesn't return: whatever
    /// the kernel refuses on the way, the last step is tried, and if that is refused PID 1 ends, which is a panic.
    /// </summary>
    /// <param name="end">What the machine does.</param>
    /// <param name="stopTimeout">How long the processes have after SIGTERM, in milliseconds.</param>
    /// <param name="mounts">Mount points to detach, in the order in which they were mounted.</param>
    internal static void End(MachineEnd end, int stopTimeout, IReadOnlyList<string> mounts)
    {
        _ = Interop.Libc.kill(-1, Signal.SIGTERM);
        if (!ReapAll(stopTimeout))
        {
            _ = Interop.Libc.kill(-1, Signal.SIGKILL);
            _ = ReapAll(2000);
        }

        Interop.Libc.sync();
        for (int index = mounts.Count - 1; index >= 0; index--)
        {
            _ = Interop.Libc.umount2(mounts[index], 0);
        }

        Leave(end);
    }

    /// <summary>Leaves at once.</summary>
    internal static void Leave(MachineEnd end)
    {
        _ = Interop.Libc.reboot(end == MachineEnd.PowerOff ? PowerOff : Restart);
        _ = Interop.Libc.reboot(Restart);
        Environment.FailFast(null);
    }

    private static bool ReapAll(int milliseconds)
    {
        long* time = stackalloc long[2];
        SignalSet childEnded = SignalSet.Of(Signal.SIGCHLD);
        long deadline = Environment.TickCount64 + milliseconds;
        while (true)
        {
            int process;
            do
            {
                int status;
                process = Interop.Libc.waitpid(-1, &status, 1);
            }
            while (process > 0);

            if (process < 0 && Marshal.GetLastPInvokeError() == Errno.ECHILD)
            {
                return true;
            }

            long left = deadline - Environment.TickCount64;
            if (left <= 0)
            {
                return false;
            }

            // A blocked SIGCHLD ends the wait; 100 ms bound it should one be lost.
            long wait = Math.Min(left, 100);
            time[0] = wait / 1000;
            time[1] = wait % 1000 * 1_000_000;
            _ = Interop.Libc.sigtimedwait(&childEnded, null, time);
        }
    }
}
