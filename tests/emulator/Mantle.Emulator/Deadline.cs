using System.Diagnostics;

namespace Mantle.Emulator;

/// <summary>A moment after which waiting is given up.</summary>
internal readonly struct Deadline
{
    private readonly long _end;

    private Deadline(long end) => _end = end;

    public TimeSpan Remaining => Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _end) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    public static Deadline After(TimeSpan timeout) => new(Stopwatch.GetTimestamp() + (long)(timeout.TotalSeconds * Stopwatch.Frequency));

    public void ThrowIfPassed(string problem, Exception? cause = null)
    {
        if (Remaining == TimeSpan.Zero)
        {
            throw new EmulatorException(problem, cause);
        }
    }
}
