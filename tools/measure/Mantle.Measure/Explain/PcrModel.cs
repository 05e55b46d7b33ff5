using Mantle.Formats.Tpm;

namespace Mantle.Measure.Explain;

/// <summary>
/// One PCR as a hypothesis has it: events from a start value, or a value that is known to be another without being known. Immutable; a search
/// asks for the same values many times, so they are kept.
/// </summary>
/// <param name="events">The extends, in order.</param>
/// <param name="start">The last byte of the value that the PCR starts with.</param>
internal sealed class PcrModel(IReadOnlyList<ModelEvent> events, byte start = 0)
{
    private readonly Dictionary<TpmAlgorithm, byte[]?> _values = [];

    /// <summary>A PCR that must have moved, to a value that cannot be computed.</summary>
    public static PcrModel Unknown { get; } = new([]);

    public IReadOnlyList<ModelEvent> Events => events;

    public bool IsUnknown => ReferenceEquals(this, Unknown);

    /// <summary>The same events from another start.</summary>
    public PcrModel StartingAt(byte locality) => new(events, locality);

    /// <summary>Other events from the same start.</summary>
    public PcrModel WithEvents(IEnumerable<ModelEvent> others) => new([.. others], start);

    /// <summary>The value, or null if it cannot be computed.</summary>
    public byte[]? Value(TpmAlgorithm bank)
    {
        if (IsUnknown)
        {
            return null;
        }

        if (!_values.TryGetValue(bank, out byte[]? value))
        {
            _values.Add(bank, value = Compute(bank));
        }

        return value;
    }

    private byte[]? Compute(TpmAlgorithm bank)
    {
        byte[] register = new byte[bank.DigestSize()];
        register[^1] = start;
        foreach (ModelEvent e in events)
        {
            if (!e.Digests.TryGetValue(bank, out TpmDigest digest))
            {
                return null;
            }

            bank.Extend(register, digest.Bytes);
        }

        return register;
    }
}
