namespace Mantle.ImageBuilder.Publishing.Upload;

/// <summary>
/// How many requests may be under way: halved when the service throttles, one more for each full round that goes well. A burst of refusals that were under way
/// together halves it once.
/// </summary>
/// <param name="maximum">The most, and the first value.</param>
internal sealed class AdaptiveLimit(int maximum)
{
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private double _limit = maximum;
    private int _underWay;
    private int _round;

    /// <summary>The limit now.</summary>
    public int Current
    {
        get
        {
            lock (_lock)
            {
                return (int)_limit;
            }
        }
    }

    /// <summary>Waits for a place.</summary>
    /// <returns>The round, to give back with the place.</returns>
    public async Task<int> EnterAsync(CancellationToken cancellation)
    {
        TaskCompletionSource turn;
        lock (_lock)
        {
            if (_underWay < (int)_limit)
            {
                _underWay++;
                return _round;
            }

            turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
        }

        // A place that is handed over to somebody who has gone would be lost: cancelling ends the whole upload, so nobody needs it.
        await turn.Task.WaitAsync(cancellation).ConfigureAwait(false);
        lock (_lock)
        {
            return _round;
        }
    }

    /// <summary>Gives a place back.</summary>
    /// <param name="round">What <see cref="EnterAsync"/> returned.</param>
    /// <param name="isThrottled">Whether the service had too many requests.</param>
    public void Leave(int round, bool isThrottled)
    {
        lock (_lock)
        {
            if (!isThrottled)
            {
                _limit = Math.Min(maximum, _limit + (1 / _limit));
            }
            else if (round == _round)
            {
                _limit = Math.Max(1, Math.Floor(_limit / 2));
                _round++;
            }

            _underWay--;
            while (_underWay < (int)_limit && _waiting.TryDequeue(out TaskCompletionSource? next))
            {
                if (next.TrySetResult())
                {
                    _underWay++;
                }
            }
        }
    }
}
