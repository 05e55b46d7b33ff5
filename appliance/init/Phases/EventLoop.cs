using System.Runtime.InteropServices;
using Mantle.Init.Configuration;
using Mantle.Init.Kernel;

namespace Mantle.Init.Phases;

/// <summary>
/// Life two after its start: one thread, one poll(2). There is nothing to lock, and a machine at rest costs no CPU time.
/// </summary>
internal sealed unsafe class EventLoop
{
    private readonly List<EventSource> _sources = [];

    /// <summary>Set by the source that ends the machine; null while it runs.</summary>
    internal MachineEnd? End { get; set; }

    internal void Add(EventSource source) => _sources.Add(source);

    /// <summary>Serves the sources until <see cref="End"/> is set, the condition holds or the time has come.</summary>
    /// <param name="condition">Asked after each turn.</param>
    /// <param name="deadline">In milliseconds of <see cref="Environment.TickCount64"/>; <see cref="EventSource.Never"/> for none.</param>
    internal void RunUntil(Func<bool> condition, long deadline)
    {
        while (End is null && !condition() && Environment.TickCount64 < deadline)
        {
            _ = RunOnce(deadline);
        }
    }

    /// <summary>Serves what has come already. A flood of it doesn't keep the caller.</summary>
    internal void RunWithoutWaiting()
    {
        const int Turns = 8;
        for (int turn = 0; turn < Turns && End is null && RunOnce(deadline: 0); turn++)
        {
        }
    }

    private bool RunOnce(long deadline)
    {
        PollDescriptor* polls = stackalloc PollDescriptor[_sources.Count];
        for (int index = 0; index < _sources.Count; index++)
        {
            // poll(2) passes over a negative descriptor.
            polls[index] = new PollDescriptor { Descriptor = _sources[index].Descriptor, Events = PollDescriptor.Input };
            deadline = Math.Min(deadline, _sources[index].Deadline);
        }

        int wait = deadline == EventSource.Never ? -1 : (int)Math.Clamp(deadline - Environment.TickCount64, 0, int.MaxValue);
        int ready = Interop.Libc.poll(polls, (nuint)_sources.Count, wait);
        if (ready < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
        {
            throw SystemCallException.Last("poll");
        }

        long now = Environment.TickCount64;
        for (int index = 0; index < _sources.Count && End is null; index++)
        {
            // An error on a descriptor counts as input: reading it is how its owner finds out.
            if (polls[index].ReturnedEvents != 0)
            {
                _sources[index].OnReadable(now);
            }

            if (_sources[index].Deadline <= now)
            {
                _sources[index].OnDeadline(now);
            }
        }

        return ready > 0;
    }
}
