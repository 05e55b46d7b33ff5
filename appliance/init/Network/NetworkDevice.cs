using Mantle.Init.Kernel;
using Mantle.Init.Phases;

namespace Mantle.Init.Network;

/// <summary>
/// Watches the kernel's network devices, takes the first Ethernet one, and lets <see cref="DhcpTransport"/> begin as soon as its
/// line is up (or after 3 s, for a device that doesn't tell).
/// </summary>
internal sealed class NetworkDevice : EventSource
{
    private const uint LinkGroup = 1; // RTMGRP_LINK
    private const long LinePatience = 3000;

    private readonly int _descriptor = Netlink.Open(Netlink.Route, LinkGroup);
    private readonly byte[] _buffer = new byte[32 * 1024];
    private readonly RouteSocket _routes;
    private readonly DhcpTransport _transport;
    private Link? _link;
    private bool _started;
    private long _deadline = Never;

    internal NetworkDevice(RouteSocket routes, DhcpTransport transport)
    {
        _routes = routes;
        _transport = transport;
        Netlink.Send(_descriptor, RouteMessage.ListLinks());
    }

    /// <inheritdoc/>
    internal override int Descriptor => _descriptor;

    /// <inheritdoc/>
    internal override long Deadline => _deadline;

    /// <inheritdoc/>
    internal override void OnReadable(long now)
    {
        while (Netlink.Receive(_descriptor, _buffer) is { IsEmpty: false } datagram)
        {
            foreach (Link link in Link.ReadAll(datagram))
            {
                OnLink(link, now);
            }
        }
    }

    /// <inheritdoc/>
    internal override void OnDeadline(long now) => Start(now);

    private void OnLink(Link link, long now)
    {
        if (_link is null && link.IsEthernet)
        {
            _link = link;
            _deadline = now + LinePatience;
            if (!link.IsUp)
            {
                _routes.Change(RouteMessage.SetUp(link.Index));
            }
        }

        if (_link?.Index == link.Index && link.IsRunning)
        {
            Start(now);
        }
    }

    private void Start(long now)
    {
        _deadline = Never;
        if (!_started)
        {
            _started = true;
            _transport.Start(_link!, now);
        }
    }
}
