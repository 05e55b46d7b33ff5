namespace Mantle.Service.Responses;

/// <summary>Who may have the processor: a few at a time, a few more waiting, everybody else is told to come back.</summary>
internal sealed class Places : IDisposable
{
    private readonly SemaphoreSlim _working;
    private readonly SemaphoreSlim _present;

    /// <param name="working">Requests that are worked on at the same time.</param>
    /// <param name="waiting">Requests that wait for their turn.</param>
    public Places(int working, int waiting)
    {
        _working = new(working);
        _present = new(working + waiting);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _working.Dispose();
        _present.Dispose();
    }

    /// <summary>Takes a place, which disposing of the result gives back; null when there is none to wait in.</summary>
    public async Task<IDisposable?> TakeAsync(CancellationToken cancellation)
    {
        if (!await _present.WaitAsync(0, cancellation))
        {
            return null;
        }

        try
        {
            await _working.WaitAsync(cancellation);
        }
        catch
        {
            _present.Release();
            throw;
        }

        return new Place(this);
    }

    private sealed class Place(Places places) : IDisposable
    {
        private bool _isGiven;

        public void Dispose()
        {
            if (!_isGiven)
            {
                _isGiven = true;
                places._working.Release();
                places._present.Release();
            }
        }
    }
}
