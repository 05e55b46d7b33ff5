using System.Diagnostics;

namespace Mantle.ImageBuilder;

/// <summary>Times steps that follow each other without a gap.</summary>
internal sealed class StepClock
{
    private readonly List<StepTiming> _timings = [];
    private long _start = Stopwatch.GetTimestamp();
    private TimeSpan _processorStart = Environment.CpuUsage.TotalTime;

    public IReadOnlyList<StepTiming> Timings => _timings;

    /// <summary>Ends the running step, begins the next one, and returns what the ended one took on the wall.</summary>
    public TimeSpan End(string name)
    {
        long now = Stopwatch.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_start, now);
        _timings.Add(new StepTiming(name, elapsed, processor - _processorStart));
        (_start, _processorStart) = (now, processor);
        return elapsed;
    }
}
