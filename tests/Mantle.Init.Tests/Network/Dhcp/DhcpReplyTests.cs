using Mantle.Formats.Bytes;
using Mantle.Init.Network;
using Mantle.Init.Network.Dhcp;

namespace Mantle.Init.Tests.Network.Dhcp;

public sealed class DhcpReplyTests
{
    private static readonly byte[] s_offer = DhcpServer.Reply(DhcpMessageType.Offer, 0x12345678, "10.0.2.15", DhcpServer.Usual());

    [Fact]
    public void An_offer_is_read()
    {
        DhcpReply reply = Read(s_offer);
        Assert.Equal(DhcpMessageType.Offer, reply.Type);
        Assert.Equal(0x12345678u, reply.TransactionId);
        Assert.Equal("10.0.2.15", reply.YourAddress.ToString());
        Assert.Equal("10.0.2.2", reply.Server.ToString());
        Assert.Equal(["10.0.2.3", "10.0.2.4"], reply.Addresses(6).Select(address => address.ToString()));
    }

    [Fact]
    public void A_long_option_may_come_in_pieces() // RFC 3396, 5
    {
        DhcpReply reply = Read(DhcpServer.Reply(DhcpMessageType.Offer, 1, "10.0.2.15", (6, [10, 0]), (54, [10, 0, 2, 2]), (6, [2, 3])));
        Assert.Equal(["10.0.2.3"], reply.Addresses(6).Select(address => address.ToString()));
    }

    [Fact]
    public void Options_may_go_on_in_the_file_and_server_name_fields() // RFC 2132, 9.3
    {
        byte[] message = DhcpServer.Reply(DhcpMessageType.Offer, 1, "10.0.2.15", (52, [3]));
        new byte[] { 1, 4, 255, 255, 255, 0, 255 }.CopyTo(message, 108);
        new byte[] { 54, 4, 10, 0, 2, 2, 255 }.CopyTo(message, 44);
        DhcpReply reply = Read(message);
        Assert.Equal(0xFFFFFF00u, reply.Number(1));
        Assert.Equal("10.0.2.2", reply.Server.ToString());
    }

    [Fact]
    public void Without_overload_those_fields_are_not_looked_at()
    {
        byte[] message = DhcpServer.Reply(DhcpMessageType.Offer, 1, "10.0.2.15");
        new byte[] { 1, 4, 255, 255, 255, 0, 255 }.CopyTo(message, 108);
        Assert.Null(Read(message).Number(1));
    }

    [Fact]
    public void Class_less_routes_follow_the_example_of_RFC_3442()
    {
        // RFC 3442, "Classless Route Option Format": 0.0.0.0/0, 10.0.0.0/8, 10.0.0.0/24, 10.17.0.0/16, 10.27.129.0/24,
        // 10.229.0.128/25 and 10.198.122.47/32 as its table encodes them.
        byte[] value =
        [
            0, 1, 1, 1, 1,
            8, 10, 1, 1, 1, 1,
            24, 10, 0, 0, 1, 1, 1, 1,
            16, 10, 17, 1, 1, 1, 1,
            24, 10, 27, 129, 1, 1, 1, 1,
            25, 10, 229, 0, 128, 1, 1, 1, 1,
            32, 10, 198, 122, 47, 1, 1, 1, 1,
        ];
        Ipv4Route[] routes = Read(DhcpServer.Reply(DhcpMessageType.Offer, 1, "10.0.2.15", (121, value))).ClassLessRoutes()!;
        Assert.Equal(
            ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.17.0.0/16", "10.27.129.0/24", "10.229.0.128/25", "10.198.122.47/32"],
            routes.Select(route => $"{route.Destination}/{route.PrefixLength}"));
        Assert.All(routes, route => Assert.Equal("1.1.1.1", route.Gateway.ToString()));
    }

    [Theory]
    [InlineData("0803010a01010101", "not a message at all")]
    [InlineData("", "nothing")]
    public void What_is_no_message_is_refused(string hexadecimal, string _) =>
        Assert.Throws<MalformedInputException>(() => Read(Convert.FromHexString(hexadecimal)));

    [Fact]
    public void A_message_for_somebody_else_is_refused()
    {
        byte[] other = [.. s_offer];
        other[28] ^= 1;
        Assert.Throws<MalformedInputException>(() => Read(other));
    }

    [Theory]
    [InlineData(0)] // operation
    [InlineData(1)] // hardware type
    [InlineData(2)] // hardware address length
    [InlineData(236)] // cookie
    public void A_wrong_fixed_field_is_refused(int offset)
    {
        byte[] wrong = [.. s_offer];
        wrong[offset] ^= 0x40;
        Assert.Throws<MalformedInputException>(() => Read(wrong));
    }

    [Theory]
    [InlineData(33, 0)] // a prefix longer than an address
    [InlineData(24, 10)] // ends within the destination
    public void A_broken_route_is_refused(byte prefix, byte next)
    {
        DhcpReply reply = Read(DhcpServer.Reply(DhcpMessageType.Offer, 1, "10.0.2.15", (121, [prefix, next, 0, 0, 0])));
        Assert.Throws<MalformedInputException>(() => reply.ClassLessRoutes());
    }

    [Fact]
    public void No_server_breaks_it() => Hostile.Attack(
        DhcpServer.Reply(
            DhcpMessageType.Acknowledge,
            7,
            "10.0.2.15",
            [.. DhcpServer.Usual(), (121, [24, 10, 1, 2, 10, 0, 2, 2, 0, 10, 0, 2, 2]), (15, "a.example"u8.ToArray()), (26, [5, 0xDC]), (58, [0, 0, 1, 0]), (59, [0, 0, 2, 0])]),
        bytes =>
        {
            DhcpLease lease = DhcpLease.From(Read(bytes));

            // Whatever was accepted is harmless.
            Assert.True(lease.Address.IsUnicast && lease.Server.IsUnicast);
            Assert.InRange(lease.PrefixLength, 8, 32);
            Assert.True(lease.RenewSeconds <= lease.RebindSeconds && lease.RebindSeconds <= lease.LeaseSeconds && lease.RenewSeconds >= 29);
            Assert.Matches("^(search [A-Za-z0-9.-]+\n)?(nameserver [0-9.]+\n){0,3}$", lease.ResolverConfiguration);
            Assert.All(lease.Routes, route => Assert.True(route.Gateway == Ipv4Address.Any ? route.PrefixLength > 0 : route.Gateway.IsUnicast));
        });

    private static DhcpReply Read(byte[] bytes) => DhcpReply.Read(bytes, DhcpServer.Hardware);
}
