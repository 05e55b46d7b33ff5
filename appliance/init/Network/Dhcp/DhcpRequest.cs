using System.Buffers.Binary;

namespace Mantle.Init.Network.Dhcp;

/// <summary>Messages of the client (RFC 2131, 4.4.1).</summary>
internal static class DhcpRequest
{
    private const int MinimumLength = 300; // of BOOTP, which some relays still insist on

    /// <param name="type">Discover or Request.</param>
    /// <param name="hardwareAddress">The client's own, 6 bytes.</param>
    /// <param name="transactionId">What the reply must repeat.</param>
    /// <param name="seconds">Since the client began, in seconds.</param>
    /// <param name="clientAddress"><c>ciaddr</c>: the address in use, zero without one.</param>
    /// <param name="requestedAddress">Option 50; zero for none.</param>
    /// <param name="server">Option 54; zero for none.</param>
    internal static byte[] Write(
        DhcpMessageType type,
        ReadOnlySpan<byte> hardwareAddress,
        uint transactionId,
        ushort seconds,
        Ipv4Address clientAddress,
        Ipv4Address requestedAddress,
        Ipv4Address server)
    {
        byte[] message = new byte[MinimumLength];
        Span<byte> bytes = message;
        bytes[0] = 1; // request
        bytes[1] = 1; // Ethernet
        bytes[2] = 6;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], transactionId);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[8..], seconds);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], clientAddress.Value);
        hardwareAddress.CopyTo(bytes[28..]);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[236..], 0x63825363);

        Span<byte> rest = bytes[240..];
        Put(ref rest, DhcpOption.MessageType, [(byte)type]);
        if (requestedAddress != Ipv4Address.Any)
        {
            PutNumber(ref rest, DhcpOption.RequestedAddress, requestedAddress.Value);
        }

        if (server != Ipv4Address.Any)
        {
            PutNumber(ref rest, DhcpOption.ServerIdentifier, server.Value);
        }

        Put(ref rest, DhcpOption.MaximumMessageSize, [(DhcpReply.MaximumLength - UdpDatagram.HeadersLength) >> 8, (DhcpReply.MaximumLength - UdpDatagram.HeadersLength) & 0xFF]);

        // 121 stands before 3, as RFC 3442 asks.
        Put(ref rest, DhcpOption.ParameterRequestList,
        [
            DhcpOption.SubnetMask, DhcpOption.ClassLessRoutes, DhcpOption.Router, DhcpOption.DomainNameServer, DhcpOption.DomainName,
            DhcpOption.InterfaceMtu, DhcpOption.LeaseTime, DhcpOption.RenewalTime, DhcpOption.RebindingTime,
        ]);
        rest[0] = DhcpOption.End;
        return message;
    }

    private static void PutNumber(ref Span<byte> rest, byte code, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        Put(ref rest, code, bytes);
    }

    private static void Put(ref Span<byte> rest, byte code, scoped ReadOnlySpan<byte> value)
    {
        rest[0] = code;
        rest[1] = (byte)value.Length;
        value.CopyTo(rest[2..]);
        rest = rest[(2 + value.Length)..];
    }
}
