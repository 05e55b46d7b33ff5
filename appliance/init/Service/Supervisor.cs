using Mantle.Init.Configuration;
using Mantle.Init.Kernel;
using Mantle.Init.Phases;
using Mantle.Init.Unsealing;

namespace Mantle.Init.Service;

/// <summary>Keeps the service alive as the policy says.</summary>
/// <param name="loop">Told when the machine is to end.</param>
/// <param name="policy">What follows an end.</param>
/// <param name="self">This program's path.</param>
/// <param name="status">Told whether the service runs.</param>
internal sealed class Supervisor(EventLoop loop, RestartPolicy policy, string self, StageStatus status) : EventSource, IProcessOwner
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
        status.Code = StageCode.Service;
        _process = ServiceProcess.Start(self, ProcessRole.ServiceName, channel: -1);
        status.Code = StageCode.Running;
    }

    /// <inheritdoc/>
    internal override void OnDeadline(long now) => Start(now);

    /// <inheritdoc/>
    public bool OnProcessEnd(int process, int exit, long now)
    {
        if (process != _process)
        {
            return false;
        }

        _process = 0;
        status.Code = StageCode.Service;
        OnEnd(exit == 0, now);
        return true;
    }

    private void OnEnd(bool success, long now)
    {
        // What the service leaves behind must not meet its next start. One call ends all there is, so that nothing can fork its way
        // past it. It takes the attestation broker along, which holds nothing that is lost with it and is started again.
        _ = Interop.Libc.kill(-1, Signal.SIGKILL);
        (int? restartAfter, MachineEnd? end) = policy.Judge(success, now - _startedAt);
        loop.End ??= end;
        _startAt = restartAfter is { } delay ? now + delay : Never;
    }
}
