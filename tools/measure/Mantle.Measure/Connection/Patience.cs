namespace Mantle.Measure.Connection;

/// <summary>Puts an end to a server's taking its time.</summary>
internal static class Patience
{
    /// <summary>Does something with a limit of time for the whole of it.</summary>
    /// <exception cref="UserErrorException">It took longer.</exception>
    public static async Task<T> LimitAsync<T>(TimeSpan limit, ServerAddress address, Func<CancellationToken, Task<T>> action, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit);
        try
        {
            return await action(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new UserErrorException($"{address.Authority} has not answered within {limit.TotalSeconds} s", exitCode: ExitCode.Environment, cause: exception);
        }
    }
}
