using System.Runtime.InteropServices;
using Mantle.Init.Configuration;
using Mantle.Init.Kernel;
using Mantle.Init.Phases;

namespace Mantle.Init.Service;

/// <summary>Keeps the service alive as the policy says, and reaps every process that ends, its own and orphans alike.</summary>
/// <param name="loop">Told when the machine is to end.</param>
/// <param name="policy">What follows an end.</param>
/// <param name="self">This program's path.</param>
internal sealed unsafe class Supervisor(EventLoop loop, RestartPolicy policy, string self) : EventSource
{
    private int _process;
    private long _startedAt;
    private long _startAt = Never;

    /// <inheritdoc/>
    internal override long Deadline => _startAt;

    internal void Start(long now)
    {
        _startAt = Never;
        _startedAt = now;
        _process = ServiceProcess.Start(self);
    }

    /// <inheritdoc/>
    internal override void OnDeadline(long now) => Start(now);

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

            if (process > 0 && process == _process)
            {
                _process = 0;
                OnEnd(status == 0, now);
            }
        }
    }

    private void OnEnd(bool success, long now)
    {
        // What the service leaves behind must not meet its next start. PID 1 has no other children.
        _ = Interop.Libc.kill(-1, Signal.SIGKILL);
        (int? restartAfter, MachineEnd? end) = policy.Judge(success, now - _startedAt);
        loop.End ??= end;
        _startAt = restartAfter is { } delay ? now + delay : Never;
    }
}
