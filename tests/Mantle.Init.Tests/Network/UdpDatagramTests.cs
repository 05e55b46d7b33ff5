using System.Buffers.Binary;
using CsCheck;
using Mantle.Init.Network;

namespace Mantle.Init.Tests.Network;

public sealed class UdpDatagramTests
{
    [Fact]
    public void What_is_written_is_read() =>
        Gen.Byte.Array[0, 600].Sample(payload =>
        {
            byte[] packet = UdpDatagram.Broadcast(68, 67, payload);
            Assert.True(UdpDatagram.TryRead(packet, 68, 67, out ReadOnlySpan<byte> read));
            Assert.Equal(payload, read.ToArray());
            Assert.False(UdpDatagram.TryRead(packet, 67, 68, out _));
        });

    [Fact]
    public void The_header_checksum_is_that_of_the_published_example()
    {
        // RFC 1071 says how, and the widely reproduced header 4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7 shows it.
        byte[] packet = [.. Convert.FromHexString("450000730000400040 11b861c0a80001c0a800c7".Replace(" ", "", StringComparison.Ordinal)), .. new byte[95]];
        packet[21] = 67;
        packet[23] = 68;
        packet[25] = 95;
        Assert.True(UdpDatagram.TryRead(packet, 67, 68, out ReadOnlySpan<byte> payload));
        Assert.Equal(87, payload.Length);
        packet[10] ^= 1;
        Assert.False(UdpDatagram.TryRead(packet, 67, 68, out _));
    }

    [Fact]
    public void A_damaged_payload_is_not_read()
    {
        byte[] packet = UdpDatagram.Broadcast(67, 68, "some bytes"u8);
        packet[^1] ^= 1;
        Assert.False(UdpDatagram.TryRead(packet, 67, 68, out _));
    }

    [Fact]
    public void A_checksum_left_to_the_network_card_is_accepted()
    {
        byte[] packet = UdpDatagram.Broadcast(67, 68, "some bytes"u8);
        uint sum = 4 * 0xFFFFu / 2 + 17 + 18; // two addresses: 0.0.0.0 and 255.255.255.255
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(26), (ushort)((sum & 0xFFFF) + (sum >> 16)));
        Assert.True(UdpDatagram.TryRead(packet, 67, 68, out _));
    }

    [Fact]
    public void A_fragment_is_not_read()
    {
        byte[] packet = UdpDatagram.Broadcast(67, 68, "some bytes"u8);
        packet[6] = 0x20; // more fragments
        packet[10] += 0x20;
        Assert.False(UdpDatagram.TryRead(packet, 67, 68, out _));
    }

    [Fact]
    public void No_packet_breaks_it() =>
        Hostile.Attack(UdpDatagram.Broadcast(67, 68, "some bytes"u8), bytes => UdpDatagram.TryRead(bytes, 67, 68, out _));
}
