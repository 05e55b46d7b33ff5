using Mantle.Emulator.Tpm;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Machine;

/// <summary>Noticing, by the TPM alone, that the firmware hands over to the kernel.</summary>
public sealed partial class VirtualMachine
{
    /// <summary>PFP 10.2.7: measured into PCR 5 when ExitBootServices has succeeded.</summary>
    private const int HandoverRegister = 5;

    /// <summary>How long the firmware may take from the extend, where it stands still, to writing the record into its log.</summary>
    private static readonly TimeSpan s_logTimeout = TimeSpan.FromSeconds(5);

    private static readonly HashSet<TpmDigest> s_handoverDigests =
        [.. TpmHash.Computable.Select(bank => bank.HashData("Exit Boot Services Returned with Success"u8))];

    /// <summary>Called while the guest waits for its extend to be answered.</summary>
    private void OnExtended(TpmPowerCycle cycle, PcrExtension extension)
    {
        if (extension.Register != HandoverRegister || !extension.Digests.Any(s_handoverDigests.Contains))
        {
            return;
        }

        int serialBytes = _serial.Count;
        IReadOnlyList<PcrExtension> extensions = cycle.Extensions;
        IReadOnlyList<long> candidates = _memory.FindLogs();

        // The firmware logs after it extends, so the log is complete only a moment after this handler has let it go on.
        _ = Task.Run(() => AwaitLog(new(cycle, extensions, Log: null, serialBytes), candidates));
    }

    private void AwaitLog(FirmwareHandover handover, IReadOnlyList<long> candidates)
    {
        Deadline deadline = Deadline.After(s_logTimeout);
        while (handover.Log is null && deadline.Remaining > TimeSpan.Zero)
        {
            handover = handover with { Log = candidates.Select(x => _memory.ReadLog(x, handover.Extensions)).FirstOrDefault(x => x is not null) };
            Thread.Sleep(1);
        }

        lock (_lock)
        {
            _handovers.Add(handover);
        }
    }
}
