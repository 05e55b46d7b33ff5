using System.Net.Sockets;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm;

/// <summary>A started swtpm without a machine around it, an interceptor in front if wanted: what a program would reach through /dev/tpm0.</summary>
public sealed class LocalTpm : IDisposable
{
    private readonly SoftwareTpm _tpm;
    private readonly ITpmInterceptor? _interceptor;
    private readonly ScratchFolder _folder = new();
    private readonly Lock _lock = new();
    private Socket? _listener;
    private Thread? _thread;

    /// <param name="swtpm">Path of the swtpm program.</param>
    /// <param name="interceptor">Who may answer in the TPM's place.</param>
    public LocalTpm(string swtpm, ITpmInterceptor? interceptor = null)
    {
        _interceptor = interceptor;
        _tpm = new(swtpm);
        if (_tpm.Control([0, 0, 0, (byte)TpmControlCommand.Init, 0, 0, 0, 0]) is not [0, 0, 0, 0, ..])
        {
            throw new EmulatorException("swtpm does not start");
        }

        if (!TpmResponse.Read(_tpm.Transmit(TpmCommand.Write(TpmCommandCode.Startup, [0, 0]))).IsSuccess)
        {
            throw new EmulatorException("swtpm refuses TPM2_Startup");
        }
    }

    /// <summary>Sends one command and returns the response.</summary>
    public ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> command)
    {
        lock (_lock)
        {
            return _interceptor?.Intercept(TpmCommand.Read(command), _tpm.Transmit) ?? _tpm.Transmit(command);
        }
    }

    /// <summary>Extends a register of the SHA-384 bank.</summary>
    public void Extend(int register, ReadOnlySpan<byte> digest)
    {
        Nitro.TpmWriter writer = new Nitro.TpmWriter().UInt16(TpmCommand.Sessions).UInt32((uint)(10 + 4 + 4 + 9 + 4 + 2 + digest.Length)).UInt32((uint)TpmCommandCode.PcrExtend)
            .UInt32((uint)register).UInt32(9).UInt32(0x40000009).UInt16(0).Byte(0).UInt16(0).UInt32(1).UInt16((int)TpmAlgorithm.Sha384).Raw(digest);
        if (!TpmResponse.Read(Transmit(writer.ToArray())).IsSuccess)
        {
            throw new EmulatorException("swtpm refuses TPM2_PCR_Extend");
        }
    }

    /// <summary>The registers as swtpm holds them.</summary>
    public PcrValues ReadPcrs() => PcrRead.ReadAll(Transmit);

    /// <summary>Serves commands on a Unix socket, one client after another, and returns its path: for foreign tools.</summary>
    public string Listen()
    {
        string path = _folder["tpm"];
        _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(4);
        _thread = new(Serve) { IsBackground = true, Name = "local tpm" };
        _thread.Start();
        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener?.Dispose();
        _thread?.Join();
        _tpm.Dispose();
        _folder.Dispose();
    }

    private void Serve()
    {
        while (true)
        {
            try
            {
                using Socket client = _listener!.Accept();
                while (SoftwareTpm.ReadMessage(client) is { } command)
                {
                    client.SendExactly(Transmit(command).Span);
                }
            }
            catch (Exception e) when (e is SocketException or EmulatorException)
            {
                if (_listener!.SafeHandle.IsClosed)
                {
                    return;
                }
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }
}
