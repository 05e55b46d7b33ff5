namespace Mantle.Init.Phases;

/// <summary>Something that life two's one loop serves: a descriptor that becomes readable, a time that comes, or both.</summary>
internal abstract class EventSource
{
    /// <summary>No deadline.</summary>
    internal const long Never = long.MaxValue;

    /// <summary>What to poll for input; -1 for nothing.</summary>
    internal virtual int Descriptor => -1;

    /// <summary>When <see cref="OnDeadline"/> is to be called, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    internal virtual long Deadline => Never;

    /// <summary>The descriptor has input.</summary>
    internal virtual void OnReadable(long now)
    {
    }

    /// <summary>The deadline has come.</summary>
    internal virtual void OnDeadline(long now)
    {
    }
}
