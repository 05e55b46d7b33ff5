using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.EventLogs;

/// <summary>How a replayed value stands to a TPM's.</summary>
public enum PcrAgreement
{
    /// <summary>They are equal.</summary>
    Equal,

    /// <summary>They differ: the log is not what this TPM measured.</summary>
    Different,

    /// <summary>They differ where they must: the operating system extends this PCR, and its events are in no firmware log.</summary>
    NotInLog,
}

/// <summary>One PCR of one bank, replayed and quoted.</summary>
/// <param name="Bank">The bank.</param>
/// <param name="Index">0 to 23.</param>
/// <param name="Replayed">What the log leads to.</param>
/// <param name="Quoted">What the TPM said.</param>
/// <param name="Agreement">How they stand.</param>
public sealed record PcrCheck(TpmAlgorithm Bank, int Index, TpmDigest Replayed, TpmDigest Quoted, PcrAgreement Agreement);

/// <summary>A log, explained and replayed.</summary>
public sealed record LogReplay
{
    /// <summary>IMA's PCR, and those that any program may reset and extend.</summary>
    private static readonly int[] s_notTheFirmwares = [10, 16, 23];

    /// <summary>How the log was written.</summary>
    public required LogEncoding Encoding { get; init; }

    /// <summary>The records.</summary>
    public required EventLog Log { get; init; }

    /// <summary>The records in words.</summary>
    public required IReadOnlyList<ExplainedEvent> Events { get; init; }

    /// <summary>Known defects that were found.</summary>
    public required IReadOnlyList<LogFinding> Findings { get; init; }

    /// <summary>What the log leads to; null when it is not certain where PCR 0 starts.</summary>
    public required PcrValues? Values { get; init; }

    /// <summary>The comparison with a TPM's values; empty if there were none to compare with.</summary>
    public IReadOnlyList<PcrCheck> Checks { get; init; } = [];

    /// <summary>Whether the log is whole, so that the replay is what the TPM did.</summary>
    public bool IsWhole => Values is not null && Findings.All(finding => finding.Defect.Level != FindingLevel.Error);

    /// <summary>Explains and replays a log.</summary>
    public static LogReplay Of(LoadedLog loaded)
    {
        PcrValues? values = null;
        try
        {
            values = loaded.Log.Replay();
        }
        catch (MalformedInputException)
        {
            // The inspector names it: a startup locality that is none.
        }

        return new()
        {
            Encoding = loaded.Encoding,
            Log = loaded.Log,
            Events = [.. loaded.Log.Events.Select(EventExplainer.Explain)],
            Findings = LogInspector.Inspect(loaded),
            Values = values,
        };
    }

    /// <summary>The PCRs that an event extends, and those that were compared, ascending.</summary>
    public IEnumerable<int> UsedPcrs => Log.Events.Where(record => record.IsExtended).Select(record => (int)record.Register)
        .Concat(Checks.Select(check => check.Index)).Distinct().Order();

    /// <summary>Compares with what a TPM said, in the banks that both have.</summary>
    /// <exception cref="UserErrorException">They have no bank in common.</exception>
    public LogReplay CompareWith(PcrList quoted)
    {
        if (Values is null)
        {
            return this;
        }

        TpmAlgorithm[] banks = [.. quoted.Banks.Where(Values.Banks.Contains)];
        if (banks.Length == 0)
        {
            throw new UserErrorException(
                $"the values are of {string.Join(", ", quoted.Banks.Select(bank => bank.Name()))}, the log of {string.Join(", ", Values.Banks.Select(bank => bank.Name()))}",
                "read the PCRs of a bank that the log has");
        }

        List<PcrCheck> checks = [];
        foreach (TpmAlgorithm bank in banks)
        {
            foreach (int index in quoted.Indexes(bank))
            {
                if (quoted.TryGet(bank, index, out TpmDigest value))
                {
                    TpmDigest replayed = Values[bank, index];
                    bool isOther = s_notTheFirmwares.Contains(index) && !Log.Extending(index).Any();
                    checks.Add(new(bank, index, replayed, value, value == replayed ? PcrAgreement.Equal : isOther ? PcrAgreement.NotInLog : PcrAgreement.Different));
                }
            }
        }

        return this with { Checks = checks };
    }
}
