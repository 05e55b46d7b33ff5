using System.Text.Json.Nodes;

namespace Mantle.Emulator.Kms.Wire;

/// <summary>Something that goes wrong with a call. It is used up call by call.</summary>
public sealed record KmsFault
{
    /// <summary>Which operation; null for any.</summary>
    public string? Operation { get; init; }

    /// <summary>How many calls pass first.</summary>
    public int Skip { get; init; }

    /// <summary>How many calls it is for.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Answered instead of doing it.</summary>
    public KmsErrorException? Error { get; init; }

    /// <summary>
    /// The connection is cut before anything is done. On a connection that was used before .NET's client sends the request again by itself: a test that wants to see
    /// the failure uses a new connection for each request.
    /// </summary>
    public bool CutsBefore { get; init; }

    /// <summary>The connection is cut when everything is done: the caller cannot know.</summary>
    public bool CutsAfter { get; init; }

    /// <summary>How long the answer takes.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What somebody else does just before.</summary>
    public Action? Before { get; init; }

    /// <summary>What somebody else does just after.</summary>
    public Action? After { get; init; }

    /// <summary>Makes another answer of the right one.</summary>
    public Func<JsonObject, JsonObject>? Rewrite { get; init; }

    /// <summary>A body that is no JSON, with status 200.</summary>
    public bool Garbles { get; init; }

    /// <summary>Too many calls. KMS answers with status 400 (KMS API Reference, "Common Errors").</summary>
    public static KmsFault Throttle(string? operation, int times = 1) => new()
    {
        Operation = operation, Times = times, Error = new("ThrottlingException", "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."),
    };

    /// <summary>KMS itself fails.</summary>
    public static KmsFault Internal(string? operation, int times = 1) => new()
    {
        Operation = operation, Times = times, Error = new("KMSInternalException", "", 500),
    };

    /// <summary>A refusal, whatever the policies say.</summary>
    public static KmsFault Denied(string? operation, int times = 1) => new()
    {
        Operation = operation, Times = times, Error = new("AccessDeniedException", $"not authorized to perform: kms:{operation}"),
    };

    /// <summary>Any error.</summary>
    public static KmsFault Fails(string? operation, string name, string message = "", int status = 400, int times = 1) => new()
    {
        Operation = operation, Times = times, Error = new(name, message, status),
    };
}

/// <summary>The faults that wait for a call, in the order in which they were added.</summary>
public sealed class KmsFaults
{
    private readonly Lock _lock = new();
    private readonly List<(KmsFault Fault, int Skip, int Times)> _waiting = [];

    public void Add(KmsFault fault)
    {
        lock (_lock)
        {
            _waiting.Add((fault, fault.Skip, fault.Times));
        }
    }

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

    /// <summary>Forgets those that wait.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _waiting.Clear();
        }
    }

    internal KmsFault? Take(string operation)
    {
        lock (_lock)
        {
            for (int i = 0; i < _waiting.Count; i++)
            {
                (KmsFault fault, int skip, int times) = _waiting[i];
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
