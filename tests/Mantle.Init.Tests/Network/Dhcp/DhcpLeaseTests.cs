using Mantle.Formats.Bytes;
using Mantle.Init.Network.Dhcp;

namespace Mantle.Init.Tests.Network.Dhcp;

public sealed class DhcpLeaseTests
{
    [Fact]
    public void A_usual_lease_is_taken_whole()
    {
        DhcpLease lease = Lease("10.0.2.15");
        Assert.Equal("10.0.2.15", lease.Address.ToString());
        Assert.Equal(24, lease.PrefixLength);
        Assert.Equal(3600u, lease.LeaseSeconds);
        Assert.Equal(1800u, lease.RenewSeconds);
        Assert.Equal(3150u, lease.RebindSeconds);
        Assert.Equal(["0.0.0.0/0 10.0.2.2"], lease.Routes.Select(route => $"{route.Destination}/{route.PrefixLength} {route.Gateway}"));
        Assert.Equal("nameserver 10.0.2.3\nnameserver 10.0.2.4\n", lease.ResolverConfiguration);
        Assert.Null(lease.Mtu);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.5")]
    [InlineData("224.0.0.5")]
    [InlineData("255.255.255.255")]
    [InlineData("10.0.2.0")] // the network itself
    [InlineData("10.0.2.255")] // its broadcast address
    public void An_address_that_no_host_can_have_is_refused(string address) =>
        Assert.Throws<MalformedInputException>(() => Lease(address));

    [Theory]
    [InlineData("255.0.255.0")]
    [InlineData("0.0.0.0")]
    [InlineData("254.0.0.0")]
    public void An_impossible_mask_is_refused(string mask) =>
        Assert.Throws<MalformedInputException>(() => Lease("10.0.2.15", (1, DhcpServer.Bytes(mask))));

    [Theory]
    [InlineData(51)]
    [InlineData(54)]
    [InlineData(1)]
    public void A_lease_without_its_essentials_is_refused(byte missing) =>
        Assert.Throws<MalformedInputException>(() => DhcpLease.From(DhcpReply.Read(
            DhcpServer.Reply(DhcpMessageType.Offer, 1, "10.0.2.15", [.. DhcpServer.Usual().Where(option => option.Code != missing)]),
            DhcpServer.Hardware)));

    [Fact]
    public void A_lease_of_a_second_is_refused() =>
        Assert.Throws<MalformedInputException>(() => Lease("10.0.2.15", (51, DhcpServer.Number(1))));

    [Fact]
    public void A_lease_may_be_for_ever() => Assert.Equal(DhcpLease.Infinite, Lease("10.0.2.15", (51, DhcpServer.Number(uint.MaxValue))).RenewSeconds);

    [Theory]
    [InlineData(100, 200, 100, 200)]
    [InlineData(0, 0, 1800, 3150)] // zero would be a loop
    [InlineData(3000, 2000, 1800, 2000)] // out of order
    [InlineData(4000, 5000, 1800, 3150)] // after the end
    public void Renewal_times_are_the_servers_only_if_they_make_sense(uint t1, uint t2, uint renew, uint rebind)
    {
        DhcpLease lease = Lease("10.0.2.15", (58, DhcpServer.Number(t1)), (59, DhcpServer.Number(t2)));
        Assert.Equal((renew, rebind), (lease.RenewSeconds, lease.RebindSeconds));
    }

    [Theory]
    [InlineData("a.example", "a.example")]
    [InlineData("a.example\0", "a.example")]
    [InlineData("a\nnameserver 6.6.6.6", null)]
    [InlineData("a b", null)]
    [InlineData("-a", null)]
    [InlineData("a..b", null)]
    public void A_domain_name_is_plain_or_dropped(string sent, string? taken) =>
        Assert.Equal(taken, Lease("10.0.2.15", (15, System.Text.Encoding.ASCII.GetBytes(sent))).DomainName);

    [Theory]
    [InlineData(575, null)]
    [InlineData(576, 576)]
    [InlineData(9001, 9001)]
    [InlineData(65535, null)]
    public void An_mtu_is_possible_or_dropped(int sent, int? taken) =>
        Assert.Equal(taken, Lease("10.0.2.15", (26, [(byte)(sent >> 8), (byte)(sent & 0xFF)])).Mtu);

    [Fact]
    public void With_class_less_routes_the_router_is_ignored() // RFC 3442
    {
        DhcpLease lease = Lease("10.0.2.15", (121, [16, 172, 16, 10, 0, 2, 9]));
        Assert.Equal(["172.16.0.0/16 10.0.2.9"], lease.Routes.Select(route => $"{route.Destination}/{route.PrefixLength} {route.Gateway}"));
    }

    [Fact]
    public void Routes_to_or_through_nonsense_are_dropped()
    {
        DhcpLease lease = Lease("10.0.2.15", (121,
        [
            8, 127, 10, 0, 2, 2, // loopback
            4, 224, 10, 0, 2, 2, // multicast
            24, 10, 9, 9, 127, 0, 0, 1, // through loopback
            24, 10, 9, 8, 10, 0, 2, 15, // through this machine
            0, 0, 0, 0, 0, // everything is on the link
            24, 10, 9, 7, 10, 0, 2, 2,
        ]));
        Assert.Equal(["10.9.7.0"], lease.Routes.Select(route => route.Destination.ToString()));
    }

    [Fact]
    public void Sixty_five_routes_are_too_many() =>
        Assert.Throws<MalformedInputException>(() => DhcpLease.From(DhcpReply.Read(
            DhcpServer.Reply(
                DhcpMessageType.Offer,
                1,
                "10.0.2.15",
                [.. DhcpServer.Usual(), .. Enumerable.Range(0, 65).Select(index => ((byte)121, new byte[] { 24, 10, 1, (byte)index, 10, 0, 2, 2 }))]),
            DhcpServer.Hardware)));

    /// <summary>The usual options, some replaced.</summary>
    private static DhcpLease Lease(string address, params (byte Code, byte[] Value)[] options) =>
        DhcpLease.From(DhcpReply.Read(
            DhcpServer.Reply(
                DhcpMessageType.Offer, 1, address, [.. DhcpServer.Usual().Where(usual => options.All(option => option.Code != usual.Code)), .. options]),
            DhcpServer.Hardware));
}
