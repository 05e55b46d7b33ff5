namespace Mantle.Unseal.Tpm;

/// <summary>The way to the TPM: open while it exists.</summary>
internal interface ITpmTransport : IDisposable
{
    /// <summary>Sends one command and waits for the response.</summary>
    /// <exception cref="IOException">The device failed.</exception>
    ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> command);
}
