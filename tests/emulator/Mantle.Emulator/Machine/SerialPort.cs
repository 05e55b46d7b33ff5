using System.Net.Sockets;

namespace Mantle.Emulator.Machine;

/// <summary>The far end of the machine's first serial port.</summary>
internal sealed class SerialPort : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Lock _lock = new();
    private readonly MemoryStream _received = new();
    private readonly Thread _thread;
    private Socket? _socket;
    private volatile bool _isDisposed;

    public SerialPort(string path)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
        _thread = new(Receive) { IsBackground = true, Name = "serial" };
        _thread.Start();
    }

    /// <summary>How many bytes the machine has sent; those that are still in the socket are fetched first.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                Drain();
                return (int)_received.Length;
            }
        }
    }

    /// <summary>What the machine has sent from byte <paramref name="start"/> on.</summary>
    public byte[] Since(int start)
    {
        lock (_lock)
        {
            Drain();
            return _received.ToArray()[start..];
        }
    }

    /// <summary>Types on the port.</summary>
    public void Send(ReadOnlySpan<byte> bytes) => (_socket ?? throw new EmulatorException("no serial port yet")).SendExactly(bytes);

    public void Dispose()
    {
        _isDisposed = true;
        _listener.Dispose();
        _socket?.Dispose();
        _thread.Join();
    }

    private void Receive()
    {
        try
        {
            _socket = _listener.Accept();
            while (true)
            {
                // A read of zero bytes waits for data and takes none: taking happens under the lock only, so that Count leaves nothing behind.
                _socket.Poll(-1, SelectMode.SelectRead);
                lock (_lock)
                {
                    if (_socket.Available == 0)
                    {
                        return;
                    }

                    Drain();
                }
            }
        }
        catch (Exception exception) when (_isDisposed && exception is SocketException or ObjectDisposedException)
        {
        }
        catch (SocketException)
        {
            // QEMU is gone; whoever waits for it notices by itself.
        }
    }

    private void Drain()
    {
        Span<byte> buffer = stackalloc byte[4096];
        while (_socket is not null && !_isDisposed && _socket.Available > 0)
        {
            _received.Write(buffer[.._socket.Receive(buffer)]);
        }
    }
}
