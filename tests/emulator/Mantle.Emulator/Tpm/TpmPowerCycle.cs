using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm;

/// <summary>
/// What the guest did to the TPM between one TPM2_Startup and the loss of power: every extend in order, and the registers as they were read
/// from outside.
/// </summary>
public sealed class TpmPowerCycle
{
    private readonly Lock _lock = new();
    private readonly List<PcrExtension> _extensions = [];
    private readonly PcrState _state = new(TpmHash.Computable);

    /// <summary>The extends and resets so far.</summary>
    public IReadOnlyList<PcrExtension> Extensions
    {
        get
        {
            lock (_lock)
            {
                return [.. _extensions];
            }
        }
    }

    /// <summary>The registers, read with TPM2_PCR_Read just before the TPM lost them; null while it still has them.</summary>
    public PcrValues? FinalValues { get; private set; }

    /// <summary>What the recorded extends lead to.</summary>
    public PcrValues Replayed
    {
        get
        {
            lock (_lock)
            {
                return _state.ToValues();
            }
        }
    }

    internal void StartAtLocality(byte locality)
    {
        lock (_lock)
        {
            _state.StartAtLocality(locality);
        }
    }

    internal void Record(PcrExtension extension)
    {
        lock (_lock)
        {
            extension.ApplyTo(_state);
            _extensions.Add(extension);
        }
    }

    internal void End(PcrValues values) => FinalValues = values;

    /// <summary>Fails if the TPM holds something else than what was seen going in: then an extend was missed, or something else writes to it.</summary>
    internal PcrValues Checked(PcrValues values)
    {
        IReadOnlyList<PcrDifference> differences = values.DifferencesFrom(Replayed);
        return differences.Count == 0
            ? values
            : throw new EmulatorException($"the recorded extends do not lead to what the tpm holds: {string.Join("; ", differences)}");
    }
}
