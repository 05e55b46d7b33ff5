using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm;

/// <summary>
/// Stands between the guest and the TPM: may answer a command itself, send others to the TPM, or change an answer. Called for one command at a time.
/// </summary>
public interface ITpmInterceptor
{
    /// <summary>The response for the guest, or null to let the TPM answer.</summary>
    /// <param name="command">What the guest sent.</param>
    /// <param name="transmit">Sends a command to the TPM and returns its response; the guest sees neither.</param>
    ReadOnlyMemory<byte>? Intercept(TpmCommand command, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit);
}
