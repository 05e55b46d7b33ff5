namespace Mantle.Emulator.Ec2;

/// <summary>Something that goes wrong with a call. It is used up call by call.</summary>
public sealed record Ec2Fault
{
    /// <summary>Which operation; null for any.</summary>
    public string? Operation { get; init; }

    /// <summary>How many calls pass first.</summary>
    public int Skip { get; init; }

    /// <summary>How many calls it is for.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Answered instead of doing it.</summary>
    public Ec2ErrorException? Error { get; init; }

    /// <summary>Answered after it was done.</summary>
    public Ec2ErrorException? ErrorAfter { get; init; }

    /// <summary>The connection is cut when half of the request's body has been read.</summary>
    public bool CutsRequest { get; init; }

    /// <summary>The connection is cut when everything is done: the caller cannot know.</summary>
    public bool CutsAfter { get; init; }

    /// <summary>The connection is cut in the middle of the answer's body.</summary>
    public bool CutsAnswer { get; init; }

    /// <summary>One bit of the answer's body is another.</summary>
    public bool Garbles { get; init; }

    /// <summary>How long the answer takes.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What happens just before.</summary>
    public Action? Before { get; init; }

    /// <summary>Any error.</summary>
    public static Ec2Fault Fails(string? operation, string name, string message = "", int status = 400, int times = 1, int skip = 0, string? reason = null) => new()
    {
        Operation = operation, Times = times, Skip = skip, Error = new(name, message, status, reason),
    };
}

/// <summary>The faults that wait for a call, in the order in which they were added.</summary>
public sealed class Ec2Faults
{
    private readonly Lock _lock = new();
    private readonly List<(Ec2Fault Fault, int Skip, int Times)> _waiting = [];

    /// <summary>How many have not been used up.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    public void Add(Ec2Fault fault)
    {
        lock (_lock)
        {
            _waiting.Add((fault, fault.Skip, fault.Times));
        }
    }

    /// <summary>Forgets those that wait.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _waiting.Clear();
        }
    }

    internal Ec2Fault? Take(string operation)
    {
        lock (_lock)
        {
            for (int i = 0; i < _waiting.Count; i++)
            {
                (Ec2Fault fault, int skip, int times) = _waiting[i];
                if (fault.Operation is not null && fault.Operation != operation)
                {
                    continue;
                }

                if (skip > 0)
                {
                    _waiting[i] = (fault, skip - 1, times);
                    continue;
                }

                if (times == 1)
                {
                    _waiting.RemoveAt(i);
                }
                else
                {
                    _waiting[i] = (fault, 0, times - 1);
                }

                return fault;
            }

            return null;
        }
    }
}
