using Mantle.Init.Kernel;
using Mantle.Init.Network.Dhcp;

namespace Mantle.Init.Network;

/// <summary>Makes a device's address, routes and resolver what a lease says.</summary>
/// <param name="device">The kernel's number of the device.</param>
/// <param name="routes">The way to the kernel.</param>
internal sealed class NetworkConfigurator(int device, RouteSocket routes)
{
    private const string ResolverPath = "/run/resolv.conf";
    private DhcpLease? _current;

    internal void Apply(DhcpLease lease)
    {
        if (_current is { } old && (old.Address != lease.Address || old.PrefixLength != lease.PrefixLength))
        {
            routes.TryChange(RouteMessage.RemoveAddress(device, old));
            _current = null;
        }

        if (lease.Mtu is { } mtu && mtu != _current?.Mtu)
        {
            // More than the device can is refused by the kernel, and its own MTU stays.
            routes.TryChange(RouteMessage.SetMtu(device, mtu));
        }

        routes.Change(RouteMessage.SetAddress(device, lease));
        foreach (Ipv4Route stale in _current?.Routes.Except(lease.Routes) ?? [])
        {
            routes.TryChange(RouteMessage.RemoveRoute(device, stale));
        }

        // A route through a gateway needs the way to the gateway first.
        foreach (Ipv4Route route in lease.Routes.OrderBy(route => route.Gateway != Ipv4Address.Any))
        {
            // One bad route of the server's is no reason to have no network.
            routes.TryChange(RouteMessage.SetRoute(device, route, IsOutside(route, lease)));
        }

        if (_current is null || _current.ResolverConfiguration != lease.ResolverConfiguration)
        {
            KernelFile.Replace(ResolverPath, 0x1A4, lease.ResolverConfiguration); // 0644
        }

        _current = lease;
    }

    internal void Remove()
    {
        if (_current is { } old)
        {
            routes.TryChange(RouteMessage.RemoveAddress(device, old));
            _current = null;
        }
    }

    /// <summary>
    /// A gateway outside the subnet (a host address of /32 has nothing else): the kernel takes it only when told that it is on
    /// the link.
    /// </summary>
    private static bool IsOutside(Ipv4Route route, DhcpLease lease) =>
        route.Gateway != Ipv4Address.Any && route.Gateway.Network(lease.PrefixLength) != lease.Address.Network(lease.PrefixLength);
}
