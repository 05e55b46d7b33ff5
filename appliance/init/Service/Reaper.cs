using System.Runtime.InteropServices;
using Mantle.Init.Kernel;

namespace Mantle.Init.Service;

/// <summary>Reaps every process that ends, PID 1's own and orphans alike, and tells whoever started it.</summary>
internal sealed unsafe class Reaper
{
    private readonly List<IProcessOwner> _owners = [];

    internal void Add(IProcessOwner owner) => _owners.Add(owner);

    /// <summary>Some child has ended; one signal may stand for many.</summary>
    internal void ReapChildren(long now)
    {
        const int DoNotWait = 1;
        while (true)
        {
            int status;
            int process = Interop.Libc.waitpid(-1, &status, DoNotWait);
            if (process == 0 || (process < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR))
            {
                return;
            }

            foreach (IProcessOwner owner in _owners)
            {
                if (process > 0 && owner.OnProcessEnd(process, status, now))
                {
                    break;
                }
            }
        }
    }
}
