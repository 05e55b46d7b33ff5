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

    private const ushort NewRule = 32;

    private const ushort FlagRequest = 1;
    private const ushort FlagAcknowledge = 4;
    private const ushort FlagDump = 0x300;
    private const ushort FlagReplaceOrCreate = 0x500;
    private const ushort FlagCreateExclusively = 0x600;

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

    /// <summary>
    /// Forbids a range of users an address: a rule of policy routing (linux/fib_rules.h) that comes before every routing table but
    /// the local one, whatever routes a DHCP server adds. The users are the sockets', not the packets': it holds for TCP, UDP and raw.
    /// </summary>
    /// <param name="destination">The address.</param>
    /// <param name="firstUser">The first user that it holds for.</param>
    /// <param name="lastUser">The last one.</param>
    /// <param name="priority">Place among the rules; lower ones come first.</param>
    internal static byte[] Prohibit(Ipv4Address destination, uint firstUser, uint lastUser, uint priority)
    {
        const byte ActionProhibit = 8;
        const ushort Destination = 1, Priority = 6, Users = 20;
        RouteMessage message = new(NewRule, FlagAcknowledge | FlagCreateExclusively);

        // struct fib_rule_hdr: family, destination length, source length, type of service, table, two reserved, action, flags 4.
        message.Body([Ipv4Family, 32, 0, 0, 0, 0, 0, ActionProhibit], 0);
        message.Address(Destination, destination);
        message.Number(Priority, priority);
        Span<byte> range = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(range, firstUser);
        BinaryPrimitives.WriteUInt32LittleEndian(range[4..], lastUser);
        message.Attribute(Users, range);
        return message.Finish();
    }

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
