using System.Buffers.Binary;
using Mantle.Init.Network;
using Mantle.Init.Network.Dhcp;
using Mantle.Init.Tests.Network.Dhcp;

namespace Mantle.Init.Tests.Network;

/// <summary>The expected bytes are laid out by hand from linux/netlink.h, rtnetlink.h and if_addr.h, field by field.</summary>
public sealed class RouteMessageTests
{
    [Fact]
    public void A_default_route_is_written_with_gateway_and_device()
    {
        byte[] message = RouteMessage.SetRoute(2, new Ipv4Route(Ipv4Address.Any, 0, DhcpServer.Address("10.0.2.2")), gatewayOnLink: false);
        Assert.Equal(
            "2c000000" + "1800" + "0505" + "00000000" + "00000000" + "02000000" + "fe100001" + "00000000" + "08000400" + "02000000" + "08000500" + "0a000202",
            Convert.ToHexStringLower(message));
    }

    [Fact]
    public void A_route_on_the_link_has_that_scope_and_no_gateway()
    {
        byte[] message = RouteMessage.SetRoute(2, new Ipv4Route(DhcpServer.Address("172.16.0.0"), 12, Ipv4Address.Any), gatewayOnLink: false);
        Assert.Equal(
            "2c000000" + "1800" + "0505" + "00000000" + "00000000" + "020c0000" + "fe10fd01" + "00000000" + "08000400" + "02000000" + "08000100" + "ac100000",
            Convert.ToHexStringLower(message));
    }

    [Fact]
    public void An_address_carries_its_lease_time()
    {
        DhcpLease lease = DhcpLease.From(DhcpReply.Read(
            DhcpServer.Reply(DhcpMessageType.Offer, 1, "10.0.2.15", DhcpServer.Usual()), DhcpServer.Hardware));
        Assert.Equal(
            "44000000" + "1400" + "0505" + "00000000" + "00000000" + "02180000" + "02000000"
            + "08000200" + "0a00020f" + "08000100" + "0a00020f" + "08000400" + "0a0002ff" + "14000600" + "100e0000" + "100e0000" + "0000000000000000",
            Convert.ToHexStringLower(RouteMessage.SetAddress(2, lease)));
    }

    /// <summary>linux/fib_rules.h: FRA_DST 1, FRA_PRIORITY 6, FRA_UID_RANGE 20, FR_ACT_PROHIBIT 8.</summary>
    [Fact]
    public void The_instance_metadata_is_for_one_user()
    {
        byte[][] rules = MetadataGuard.Rules(1002);
        Assert.Equal(
            "38000000" + "2000" + "0506" + "00000000" + "00000000" + "02200000" + "00000008" + "00000000"
            + "08000100" + "a9fea9fe" + "08000600" + "64000000" + "0c001400" + "01000000" + "e9030000",
            Convert.ToHexStringLower(rules[0]));
        Assert.Equal("eb030000" + "feffffff", Convert.ToHexStringLower(rules[1])[^16..]);
        Assert.Equal(2, rules.Length);
        Assert.Single(MetadataGuard.Rules(1));
    }

    [Fact]
    public void The_kernels_links_are_read()
    {
        // RTM_NEWLINK of a virtio device: type 1, index 2, flags UP|RUNNING|LOWER_UP, IFLA_IFNAME "eth0", IFLA_ADDRESS; then NLMSG_DONE.
        byte[] datagram = Convert.FromHexString(
            "38000000" + "1000" + "0200" + "00000000" + "00000000" + "0000" + "0100" + "02000000" + "43100100" + "00000000"
            + "09000300" + "6574683000" + "000000" + "0a000100" + "525400123456" + "0000" + "14000000" + "0300" + "0200" + "0000000000000000" + "00000000");
        Link link = Assert.Single(Link.ReadAll(datagram));
        Assert.Equal((2, "eth0", true, true, true), (link.Index, link.Name, link.IsEthernet, link.IsUp, link.IsRunning));
        Assert.Equal(DhcpServer.Hardware, link.HardwareAddress.ToArray());
        Hostile.Attack(datagram, bytes => Link.ReadAll(bytes));
    }

    [Fact]
    public void An_acknowledgement_tells_the_error_number()
    {
        byte[] answer = Convert.FromHexString("24000000" + "0200" + "0000" + "00000000" + "00000000" + "efffffff" + "00000000000000000000000000000000");
        Assert.Equal(17, Link.ReadAcknowledgement(answer));
        Assert.Null(Link.ReadAcknowledgement(answer.AsSpan(0, 12)));

        // The one number that has no negative; it is no success.
        BinaryPrimitives.WriteInt32LittleEndian(answer.AsSpan(16), int.MinValue);
        Assert.NotEqual(0, Link.ReadAcknowledgement(answer));
    }
}
