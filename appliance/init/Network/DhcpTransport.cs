using System.Runtime.InteropServices;
using Mantle.Init.Kernel;
using Mantle.Init.Network.Dhcp;
using Mantle.Init.Phases;

namespace Mantle.Init.Network;

/// <summary>Carries out what <see cref="DhcpClient"/> wants, and tells it what was heard.</summary>
/// <param name="routes">The way to the kernel.</param>
internal sealed class DhcpTransport(RouteSocket routes) : EventSource
{
    private readonly byte[] _buffer = new byte[2048];
    private DhcpClient? _client;
    private DhcpSocket? _socket;
    private NetworkConfigurator? _configurator;

    /// <summary>Whether the machine has an address.</summary>
    internal bool IsConfigured => _client?.Lease is not null;

    /// <inheritdoc/>
    internal override int Descriptor => _socket?.Descriptor ?? -1;

    /// <inheritdoc/>
    internal override long Deadline => _client?.Deadline ?? Never;

    internal void Start(Link link, long now)
    {
        _socket = new DhcpSocket(link);
        _configurator = new NetworkConfigurator(link.Index, routes);
        _client = new DhcpClient(link.HardwareAddress, Random);
        Do(_client.Start(now));
    }

    /// <inheritdoc/>
    internal override void OnReadable(long now)
    {
        // One message a turn: a flood of them can't keep the loop from its other sources.
        ReadOnlySpan<byte> message = _socket!.Receive(_buffer);
        if (!message.IsEmpty)
        {
            Do(_client!.OnMessage(message, now));
        }
    }

    /// <inheritdoc/>
    internal override void OnDeadline(long now) => Do(_client!.OnTimer(now));

    private void Do(List<DhcpAction> actions)
    {
        foreach (DhcpAction action in actions)
        {
            switch (action)
            {
                case DhcpAction.Broadcast broadcast:
                    _socket!.Broadcast(broadcast.Message);
                    break;
                case DhcpAction.Send send:
                    _socket!.Send(send.Message, send.From, send.To);
                    break;
                case DhcpAction.Apply apply:
                    _configurator!.Apply(apply.Lease);
                    _socket!.Close();
                    break;
                case DhcpAction.Remove:
                    _configurator!.Remove();
                    _socket!.Close();
                    break;
            }
        }
    }

    private static unsafe uint Random()
    {
        uint value;
        return Interop.Libc.getrandom((byte*)&value, sizeof(uint), 0) == sizeof(uint)
            ? value
            : throw new SystemCallException("getrandom", Marshal.GetLastPInvokeError());
    }
}
