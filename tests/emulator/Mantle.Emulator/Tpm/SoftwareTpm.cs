using System.Buffers.Binary;
using System.Net.Sockets;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm;

/// <summary>
/// A swtpm process with fresh state: a TPM 2.0 with all four PCR banks active (that is what swtpm makes when nobody ran swtpm_setup). It has a
/// control channel, on which it is powered on and off, and a data channel, on which it gets commands. One caller at a time.
/// </summary>
internal sealed class SoftwareTpm : IDisposable
{
    private const int MaximumMessage = 1 << 20;

    private readonly ScratchFolder _folder = new();
    private readonly ChildProcess _process;
    private readonly Socket _control;
    private readonly Socket _data;

    public SoftwareTpm(string program)
    {
        Directory.CreateDirectory(_folder["state"]);
        _process = new(
            program,
            [
                "socket", "--tpm2", "--terminate",
                "--tpmstate", $"dir={_folder["state"]}",
                "--ctrl", $"type=unixio,path={_folder["control"]}",
                "--server", $"type=unixio,path={_folder["data"]}",
            ]);
        _control = Connect(_folder["control"]);
        _data = Connect(_folder["data"]);
    }

    /// <summary>Sends one TPM command and returns the response.</summary>
    public ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> command)
    {
        _data.SendExactly(command.Span);
        return ReadMessage(_data) ?? throw new EmulatorException($"swtpm closed its data channel: {_process.Output}");
    }

    /// <summary>Sends a control request and returns the response, whatever its length: swtpm writes each in one piece.</summary>
    public byte[] Control(ReadOnlySpan<byte> request)
    {
        _control.SendExactly(request);
        byte[] response = new byte[4096];
        int count = _control.Receive(response);
        return count > 0 ? response[..count] : throw new EmulatorException($"swtpm closed its control channel: {_process.Output}");
    }

    /// <summary>Reads one message, whose header says its size; null at the end of the stream.</summary>
    public static byte[]? ReadMessage(Socket socket)
    {
        Span<byte> header = stackalloc byte[TpmCommand.HeaderSize];
        if (!socket.TryReadExactly(header))
        {
            return null;
        }

        uint size = BinaryPrimitives.ReadUInt32BigEndian(header[2..]);
        if (size is < TpmCommand.HeaderSize or > MaximumMessage)
        {
            throw new EmulatorException($"a tpm message of {size} bytes");
        }

        byte[] message = new byte[size];
        header.CopyTo(message);
        return socket.TryReadExactly(message.AsSpan(TpmCommand.HeaderSize)) ? message : throw new EmulatorException("a tpm message without its body");
    }

    public void Dispose()
    {
        _data.Dispose();
        _control.Dispose();
        _process.Dispose();
        _folder.Dispose();
    }

    private Socket Connect(string path)
    {
        Deadline deadline = Deadline.After(TimeSpan.FromSeconds(30));
        while (true)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return socket;
            }
            catch (SocketException exception)
            {
                socket.Dispose();
                _process.ThrowIfExited();
                deadline.ThrowIfPassed("swtpm does not listen", exception);
                Thread.Sleep(10);
            }
        }
    }
}
