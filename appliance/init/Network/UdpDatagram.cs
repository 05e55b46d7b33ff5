using System.Buffers.Binary;

namespace Mantle.Init.Network;

/// <summary>UDP in IPv4 (RFC 768, RFC 791), for the time when the machine has no address and the kernel's UDP can't be used.</summary>
internal static class UdpDatagram
{
    internal const int HeadersLength = 28;
    private const int AddressLength = 20;
    private const byte Udp = 17;

    /// <summary>A whole IPv4 packet, from 0.0.0.0 to 255.255.255.255.</summary>
    internal static byte[] Broadcast(ushort sourcePort, ushort destinationPort, ReadOnlySpan<byte> payload)
    {
        byte[] packet = new byte[HeadersLength + payload.Length];
        Span<byte> ip = packet;
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(ip[6..], 0x4000); // don't fragment
        ip[8] = 64;
        ip[9] = Udp;
        ip.Slice(16, 4).Fill(0xFF);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], (ushort)~Sum(ip[..AddressLength], 0));

        Span<byte> udp = ip[AddressLength..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        payload.CopyTo(udp[8..]);
        ushort checksum = (ushort)~Sum(udp, PseudoHeader(ip, udp.Length));
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? (ushort)0xFFFF : checksum);
        return packet;
    }

    /// <summary>
    /// The payload of a packet that is a whole UDP datagram for a port; false for anything else, damaged ones included.
    /// </summary>
    internal static bool TryRead(ReadOnlySpan<byte> packet, ushort sourcePort, ushort destinationPort, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (packet.Length < HeadersLength || packet[0] >> 4 != 4)
        {
            return false;
        }

        int headerLength = (packet[0] & 0xF) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        bool fragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3FFF) != 0;
        if (headerLength < AddressLength || totalLength > packet.Length || totalLength < headerLength + 8 || fragment
            || packet[9] != Udp || Sum(packet[..headerLength], 0) != 0xFFFF)
        {
            return false;
        }

        ReadOnlySpan<byte> udp = packet[headerLength..totalLength];
        int length = BinaryPrimitives.ReadUInt16BigEndian(udp[4..]);
        if (length < 8 || length > udp.Length
            || BinaryPrimitives.ReadUInt16BigEndian(udp) != sourcePort || BinaryPrimitives.ReadUInt16BigEndian(udp[2..]) != destinationPort)
        {
            return false;
        }

        udp = udp[..length];
        ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(udp[6..]);
        ushort pseudoHeader = PseudoHeader(packet, length);

        // 0 is "no checksum". A sender on this same host leaves the sum of the pseudo-header for its network card to complete,
        // which a virtual card never does.
        if (checksum != 0 && checksum != pseudoHeader && Sum(udp, pseudoHeader) != 0xFFFF)
        {
            return false;
        }

        payload = udp[8..];
        return true;
    }

    private static ushort PseudoHeader(ReadOnlySpan<byte> ip, int udpLength) => Sum(ip.Slice(12, 8), (uint)(Udp + udpLength));

    /// <summary>The ones' complement sum of RFC 1071.</summary>
    private static ushort Sum(ReadOnlySpan<byte> bytes, uint initial)
    {
        uint sum = initial;
        for (; bytes.Length >= 2; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        sum += bytes.IsEmpty ? 0u : (uint)bytes[0] << 8;
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)((sum & 0xFFFF) + (sum >> 16));
    }
}
