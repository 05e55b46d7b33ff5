using System.Runtime.InteropServices;
using Mantle.Unseal.Kernel;

namespace Mantle.Unseal.Tpm;

/// <summary>
/// /dev/tpm0, as AWS's client uses it: the kernel's resource manager behind /dev/tpmrm0 would have to know AWS's command. The kernel lets one program at a time open it.
/// A write is a command and waits for the TPM; the next read is the response. By the system's own calls: the framework's files are for what can be positioned.
/// </summary>
internal sealed unsafe class TpmDevice : ITpmTransport
{
    private const int MaximumResponse = 4096; // TPM_BUFSIZE of the kernel

    private int _descriptor;

    /// <exception cref="UnsealException">There is no TPM, or somebody else uses it.</exception>
    public TpmDevice()
    {
        fixed (byte* path = Path)
        {
            _descriptor = Interop.Libc.open(path, Interop.Libc.O_RDWR | Interop.Libc.O_CLOEXEC);
        }

        if (_descriptor < 0)
        {
            throw new UnsealException(Marshal.GetLastPInvokeError() == Interop.Libc.EBUSY ? Stage.TpmBusy : Stage.Tpm);
        }
    }

    private static ReadOnlySpan<byte> Path => "/dev/tpm0\0"u8;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> command)
    {
        fixed (byte* pointer = command.Span)
        {
            nint written;
            while ((written = Interop.Libc.write(_descriptor, pointer, (nuint)command.Length)) < 0 && Marshal.GetLastPInvokeError() == Interop.Libc.EINTR)
            {
            }

            if (written != command.Length)
            {
                throw new IOException("write");
            }
        }

        byte[] response = new byte[MaximumResponse];
        fixed (byte* pointer = response)
        {
            nint length;
            while ((length = Interop.Libc.read(_descriptor, pointer, MaximumResponse)) < 0 && Marshal.GetLastPInvokeError() == Interop.Libc.EINTR)
            {
            }

            return length < 0 ? throw new IOException("read") : response.AsMemory(0, (int)length);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        int descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
        {
            _ = Interop.Libc.close(descriptor);
        }
    }
}
