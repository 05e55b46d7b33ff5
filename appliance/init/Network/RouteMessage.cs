using System.Buffers.Binary;
using Mantle.Init.Network.Dhcp;

namespace Mantle.Init.Network;

/// <summary>
/// Requests of rtnetlink(7) as bytes (<c>linux/netlink.h</c>, <c>rtnetlink.h</c>, <c>if_link.h</c>, <c>if_addr.h</c>); host
/// byte order is little-endian, addresses are big-endian.
/// </summary>
internal sealed class RouteMessage
{
    internal const ushort NewLink = 16;
    private const ushort GetLink = 18;
    private const ushort NewAddress = 20;
    private const ushort DeleteAddress = 21;
    private const ushort NewRoute = 24;
    private const ushort DeleteRoute = 25;

    private const ushort FlagRequest = 1;
    private const ushort FlagAcknowledge = 4;
    private const ushort FlagDump = 0x300;
    private const ushort FlagReplaceOrCreate = 0x500;

    private const byte Ipv4Family = 2;
    private const uint InterfaceUp = 1;

    private readonly byte[] _bytes = new byte[256];
    private int _length = 16;

    private RouteMessage(ushort type, ushort flags)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(6), (ushort)(flags | FlagRequest));
    }

    /// <summary>Asks for one <see cref="NewLink"/> a device.</summary>
    internal static byte[] ListLinks()
    {
        RouteMessage message = new(GetLink, FlagDump);
        message.Body([0, 0, 0, 0], 0, 0, 0);
        return message.Finish();
    }

    /// <summary>Sets a device up.</summary>
    internal static byte[] SetUp(int device)
    {
        RouteMessage message = new(NewLink, FlagAcknowledge);
        message.Body([0, 0, 0, 0], (uint)device, InterfaceUp, InterfaceUp);
        return message.Finish();
    }

    /// <summary>Sets a device's MTU, in bytes.</summary>
    internal static byte[] SetMtu(int device, int mtu)
    {
        const ushort Mtu = 4;
        RouteMessage message = new(NewLink, FlagAcknowledge);
        message.Body([0, 0, 0, 0], (uint)device, 0, 0);
        message.Number(Mtu, (uint)mtu);
        return message.Finish();
    }

    /// <summary>Gives a device an address that the kernel itself takes away after the lease.</summary>
    internal static byte[] SetAddress(int device, DhcpLease lease)
    {
        const ushort CacheInformation = 6;
        RouteMessage message = Address(NewAddress, FlagAcknowledge | FlagReplaceOrCreate, device, lease);
        Span<byte> times = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(times, lease.LeaseSeconds); // preferred; 2^32-1 is "for ever" here too
        BinaryPrimitives.WriteUInt32LittleEndian(times[4..], lease.LeaseSeconds); // valid
        message.Attribute(CacheInformation, times);
        return message.Finish();
    }

    internal static byte[] RemoveAddress(int device, DhcpLease lease) => Address(DeleteAddress, FlagAcknowledge, device, lease).Finish();

    internal static byte[] SetRoute(int device, Ipv4Route route, bool gatewayOnLink) =>
        Route(NewRoute, FlagAcknowledge | FlagReplaceOrCreate, device, route, gatewayOnLink);

    internal static byte[] RemoveRoute(int device, Ipv4Route route) => Route(DeleteRoute, FlagAcknowledge, device, route, gatewayOnLink: false);

    private static RouteMessage Address(ushort type, ushort flags, int device, DhcpLease lease)
    {
        const ushort Address = 1, Local = 2, Broadcast = 4;
        RouteMessage message = new(type, flags);
        message.Body([Ipv4Family, (byte)lease.PrefixLength, 0, 0], (uint)device);
        message.Address(Local, lease.Address);
        message.Address(Address, lease.Address);
        if (lease.PrefixLength < 31)
        {
            message.Address(Broadcast, new Ipv4Address(lease.Address.Value | ~Ipv4Address.Mask(lease.PrefixLength)));
        }

        return message;
    }

    private static byte[] Route(ushort type, ushort flags, int device, Ipv4Route route, bool gatewayOnLink)
    {
        const byte MainTable = 254, ProtocolDhcp = 16, Unicast = 1, ScopeUniverse = 0, ScopeLink = 253;
        const uint OnLink = 4;
        const ushort Destination = 1, OutputInterface = 4, Gateway = 5;
        RouteMessage message = new(type, flags);
        byte scope = route.Gateway == Ipv4Address.Any ? ScopeLink : ScopeUniverse;
        message.Body([Ipv4Family, (byte)route.PrefixLength, 0, 0, MainTable, ProtocolDhcp, scope, Unicast], gatewayOnLink ? OnLink : 0);
        message.Number(OutputInterface, (uint)device);
        if (route.PrefixLength > 0)
        {
            message.Address(Destination, route.Destination);
        }

        if (route.Gateway != Ipv4Address.Any)
        {
            message.Address(Gateway, route.Gateway);
        }

        return message.Finish();
    }

    private void Body(ReadOnlySpan<byte> start, params ReadOnlySpan<uint> numbers)
    {
        start.CopyTo(_bytes.AsSpan(_length));
        _length += start.Length;
        foreach (uint number in numbers)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(_length), number);
            _length += 4;
        }
    }

    private void Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_length), (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_length + 2), type);
        value.CopyTo(_bytes.AsSpan(_length + 4));
        _length += 4 + ((value.Length + 3) & ~3);
    }

    private void Number(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Attribute(type, bytes);
    }

    private void Address(ushort type, Ipv4Address value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value.Value);
        Attribute(type, bytes);
    }

    private byte[] Finish()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, (uint)_length);
        return _bytes[.._length];
    }
}
