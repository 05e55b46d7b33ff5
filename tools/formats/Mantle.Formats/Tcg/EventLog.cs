using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tcg;

/// <summary>
/// A firmware event log: TCG_PCR_EVENT2 records behind a Spec ID record (crypto-agile, PFP 10.2), or SHA-1 records only (TCG EFI Platform
/// Specification 1.22, as a TPM 1.2 has them).
/// </summary>
public sealed partial class EventLog
{
    internal const string Format = "event log";

    private EventLog(SpecIdEvent? specId, IReadOnlyList<TpmAlgorithm> banks, IReadOnlyList<EventRecord> events, int length)
    {
        SpecId = specId;
        Banks = banks;
        Events = events;
        Length = length;
    }

    /// <summary>What the first record says; null for a SHA-1 log and for a canonical one.</summary>
    public SpecIdEvent? SpecId { get; }

    /// <summary>The banks that every extending record carries, in the log's order.</summary>
    public IReadOnlyList<TpmAlgorithm> Banks { get; }

    /// <summary>All records in order, the Spec ID record included.</summary>
    public IReadOnlyList<EventRecord> Events { get; }

    /// <summary>Bytes that the records occupy.</summary>
    public int Length { get; }

    /// <summary>A log from records of another encoding.</summary>
    internal static EventLog FromRecords(IReadOnlyList<TpmAlgorithm> banks, IReadOnlyList<EventRecord> events, int length) => new(null, banks, events, length);

    /// <summary>The records that extended a register.</summary>
    public IEnumerable<EventRecord> Extending(int register) => Events.Where(x => x.IsExtended && x.Register == (uint)register);
}
