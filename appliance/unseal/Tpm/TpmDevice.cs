using Microsoft.Win32.SafeHandles;

namespace Mantle.Unseal.Tpm;

/// <summary>
/// /dev/tpm0, as AWS's client uses it: the kernel's resource manager behind /dev/tpmrm0 would have to know AWS's command. The kernel lets one program at a time open it.
/// A write is a command and waits for the TPM; the next read is the response.
/// </summary>
internal sealed class TpmDevice : ITpmTransport
{
    internal const string Path = "/dev/tpm0";

    private const int MaximumResponse = 4096; // TPM_BUFSIZE of the kernel
    private const int DeviceBusy = 16; // EBUSY

    private readonly SafeFileHandle _handle;

    /// <exception cref="UnsealException">There is no TPM, or somebody else uses it.</exception>
    public TpmDevice()
    {
        try
        {
            _handle = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnsealException(e.HResult == DeviceBusy ? Stage.TpmBusy : Stage.Tpm, e);
        }
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> command)
    {
        RandomAccess.Write(_handle, command.Span, 0);
        byte[] response = new byte[MaximumResponse];
        return response.AsMemory(0, RandomAccess.Read(_handle, response, 0));
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
