namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>Something that goes wrong with a command. It is used up command by command.</summary>
public sealed record NitroTpmFault
{
    /// <summary>Which command; null for any that <see cref="NitroTpm"/> answers.</summary>
    public NitroCommand? Command { get; init; }

    /// <summary>How many such commands pass first.</summary>
    public int Skip { get; init; }

    /// <summary>How many it is for.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Answered instead of doing it, or, with <see cref="IsAfter"/>, after doing it.</summary>
    public uint? Code { get; init; }

    /// <summary>The command is done, and then answered as if it were not.</summary>
    public bool IsAfter { get; init; }

    /// <summary>Makes another response of the right one.</summary>
    public Func<byte[], byte[]>? Rewrite { get; init; }

    /// <summary>How long the command takes.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>TPM_RC_RETRY: the TPM has something else to do.</summary>
    public static NitroTpmFault Busy(NitroCommand? command, int times = 1) => new() { Command = command, Times = times, Code = NitroCode.Retry };

    /// <summary>Any code.</summary>
    public static NitroTpmFault Fails(NitroCommand? command, uint code = NitroCode.Failure, int times = 1) => new() { Command = command, Times = times, Code = code };
}

/// <summary>The faults that wait for a command, in the order in which they were added.</summary>
public sealed class NitroTpmFaults
{
    private readonly Lock _lock = new();
    private readonly List<NitroTpmFault> _waiting = [];

    public void Add(NitroTpmFault fault)
    {
        lock (_lock)
        {
            _waiting.Add(fault);
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

    internal NitroTpmFault? Take(NitroCommand command)
    {
        lock (_lock)
        {
            for (int i = 0; i < _waiting.Count; i++)
            {
                NitroTpmFault fault = _waiting[i];
                if (fault.Command is { } only && only != command)
                {
                    continue;
                }

                if (fault.Skip > 0)
                {
                    _waiting[i] = fault with { Skip = fault.Skip - 1 };
                    continue;
                }

                if (fault.Times == 1)
                {
                    _waiting.RemoveAt(i);
                }
                else
                {
                    _waiting[i] = fault with { Times = fault.Times - 1 };
                }

                return fault;
            }

            return null;
        }
    }
}
