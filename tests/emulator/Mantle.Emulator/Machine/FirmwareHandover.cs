using Mantle.Emulator.Tpm;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Machine;

/// <summary>The moment in one power cycle when the firmware gave the machine to the kernel (ExitBootServices succeeded), and what was so far.</summary>
/// <param name="Cycle">The TPM's power cycle.</param>
/// <param name="Extensions">What the firmware and the boot loader extended, the closing action included.</param>
/// <param name="Log">The firmware's event log out of the guest's memory; it says exactly the extensions. Null if no copy was complete.</param>
/// <param name="SerialBytes">How many bytes the serial port had sent.</param>
public sealed record FirmwareHandover(TpmPowerCycle Cycle, IReadOnlyList<PcrExtension> Extensions, EventLog? Log, int SerialBytes)
{
    /// <summary>When it was.</summary>
    public DateTimeOffset At { get; } = TimeProvider.System.GetUtcNow();
}
