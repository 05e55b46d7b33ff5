namespace Mantle.ImageBuilder.Aws;

/// <summary>Tries a call again where that may help, with waits that double.</summary>
/// <param name="delay">Waits.</param>
internal sealed class Retries(Func<TimeSpan, CancellationToken, Task> delay)
{
    /// <summary>Tries of a call: with waits of 0.25 s, doubled up to 16 s, nearly two minutes in all.</summary>
    public const int Attempts = 12;

    private const int LongestDoubling = 6;

    /// <summary>Waits.</summary>
    public Task DelayAsync(TimeSpan time, CancellationToken cancellation) => delay(time, cancellation);

    /// <summary>The wait after an attempt. Spread by what is asked for, so that many do not come again at once; the same call waits the same time.</summary>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="spread">Any number that differs from call to call.</param>
    public static TimeSpan Wait(int attempt, int spread = 0)
    {
        double milliseconds = 250L << Math.Min(attempt - 1, LongestDoubling);
        return TimeSpan.FromMilliseconds(milliseconds * (0.75 + (0.5 * (unchecked((uint)spread * 2654435769u) >> 16) / 65536)));
    }

    /// <summary>Does a call that may be done twice without harm.</summary>
    /// <param name="call">The call.</param>
    /// <param name="waitsForVisibility">Whether what is not found may only not be visible yet.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<T> RunAsync<T>(Func<Task<T>> call, bool waitsForVisibility, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (CloudException problem) when (attempt < Attempts && IsWorthIt(problem.Failure, waitsForVisibility))
            {
                await delay(Wait(attempt), cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether a failure may pass.</summary>
    public static bool IsWorthIt(CloudFailure failure, bool waitsForVisibility) =>
        failure is CloudFailure.Throttled or CloudFailure.Uncertain || (waitsForVisibility && failure == CloudFailure.NotFound);
}
