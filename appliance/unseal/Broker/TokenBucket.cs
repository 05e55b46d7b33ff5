namespace Mantle.Unseal.Broker;

/// <summary>Lets pass so many at once and so many a second.</summary>
internal sealed class TokenBucket(TimeProvider time, int capacity, double perSecond)
{
    private double _tokens = capacity;
    private long _last = time.GetTimestamp();

    /// <summary>Whether one more may pass now.</summary>
    public bool TryTake()
    {
        long now = time.GetTimestamp();
        _tokens = Math.Min(capacity, _tokens + (time.GetElapsedTime(_last, now).TotalSeconds * perSecond));
        _last = now;
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
