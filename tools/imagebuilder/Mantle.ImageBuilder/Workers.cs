namespace Mantle.ImageBuilder;

/// <summary>Work on several cores, a few: each worker of a decompressor holds its dictionary, so their number decides about memory.</summary>
internal static class Workers
{
    private const int Maximum = 4;

    /// <summary>Runs a body for each index from 0, in rising order as workers become free. A failure ends it and is thrown as it is.</summary>
    public static void For(int count, Action<int> body, CancellationToken cancellation = default)
    {
        int next = -1;
        void Work()
        {
            try
            {
                for (int i; (i = Interlocked.Increment(ref next)) < count;)
                {
                    cancellation.ThrowIfCancellationRequested();
                    body(i);
                }
            }
            finally
            {
                // Nothing is left to do, or nothing is worth doing any more.
                Interlocked.Exchange(ref next, count);
            }
        }

        int workers = Math.Min(Math.Min(Environment.ProcessorCount, Maximum), count);
        Task others = Task.WhenAll(Enumerable.Range(1, Math.Max(workers - 1, 0)).Select(_ => Task.Run(Work, CancellationToken.None)));
        try
        {
            Work();
        }
        finally
        {
            others.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }

        others.GetAwaiter().GetResult();
    }
}
