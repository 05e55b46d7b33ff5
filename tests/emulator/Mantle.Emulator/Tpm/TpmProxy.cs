using System.Net.Sockets;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm;

/// <summary>
/// What QEMU takes for swtpm. QEMU connects to <see cref="SocketPath"/> (its "-tpmdev emulator" control channel) and passes the data channel
/// as a file descriptor; both are relayed to a swtpm of our own. So every command of the guest is seen, can be answered by somebody else
/// (<see cref="ITpmInterceptor"/>), and the registers can be read between two of them without the guest's help or knowledge.
/// </summary>
public sealed partial class TpmProxy : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly SoftwareTpm _tpm;
    private readonly ITpmInterceptor? _interceptor;
    private readonly Action<TpmPowerCycle, PcrExtension>? _onExtended;
    private readonly Socket _listener;
    private readonly Thread _controlThread;

    /// <summary>Held while the TPM works, so that a command of ours never lands between a command of the guest and its response.</summary>
    private readonly Lock _tpmLock = new();
    private readonly Lock _cyclesLock = new();
    private readonly List<TpmPowerCycle> _cycles = [];
    private Socket? _control;
    private Socket? _data;
    private Thread? _dataThread;
    private Exception? _failure;
    private volatile bool _isDisposed;

    /// <summary>Starts swtpm and listens for QEMU.</summary>
    /// <param name="swtpm">Path of the swtpm program.</param>
    /// <param name="interceptor">Who may answer in the TPM's place.</param>
    /// <param name="onExtended">Called within the guest's command, before the guest gets the response: the guest stands still while it runs.</param>
    public TpmProxy(string swtpm, ITpmInterceptor? interceptor = null, Action<TpmPowerCycle, PcrExtension>? onExtended = null)
    {
        _onExtended = onExtended;
        _interceptor = interceptor;
        _tpm = new(swtpm);
        SocketPath = _folder["tpm"];
        _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen(1);
        _controlThread = new(() => Guarded(RelayControl)) { IsBackground = true, Name = "tpm control" };
        _controlThread.Start();
    }

    /// <summary>The path for QEMU's <c>-chardev socket,path=</c>.</summary>
    public string SocketPath { get; }

    /// <summary>Every TPM2_Startup began one of these; the last is the current one.</summary>
    public IReadOnlyList<TpmPowerCycle> Cycles
    {
        get
        {
            lock (_cyclesLock)
            {
                return [.. _cycles];
            }
        }
    }

    private TpmPowerCycle? Current => Cycles is [.., TpmPowerCycle last] && last.FinalValues is null ? last : null;

    /// <summary>
    /// The registers of all banks, read from the TPM now; if it has lost power, what it held just before. They equal the replay of every extend that was seen.
    /// </summary>
    /// <exception cref="EmulatorException">They do not, the relay has failed, or the guest never started the TPM.</exception>
    public PcrValues ReadPcrs()
    {
        lock (_tpmLock)
        {
            ThrowIfFailed();
            return Cycles is [.., TpmPowerCycle last]
                ? last.FinalValues ?? ReadPcrs(last)
                : throw new EmulatorException("the guest did not start the tpm");
        }
    }

    /// <summary>Fails with what made a relay thread end.</summary>
    public void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new EmulatorException($"the tpm proxy failed: {_failure.Message}", _failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _listener.Dispose();
        _control?.Dispose();
        _data?.Dispose();
        _tpm.Dispose();
        _controlThread.Join();
        _dataThread?.Join();
        _folder.Dispose();
    }

    private PcrValues ReadPcrs(TpmPowerCycle cycle) => cycle.Checked(PcrRead.ReadAll(_tpm.Transmit));

    private void Guarded(Action relay)
    {
        try
        {
            relay();
        }
        catch (Exception exception) when (_isDisposed && exception is SocketException or ObjectDisposedException or EmulatorException)
        {
            // Dispose closes the sockets under the threads; that is how they end.
        }
        catch (Exception exception)
        {
            _failure ??= exception;
            _control?.Dispose();
            _data?.Dispose();
        }
    }
}
