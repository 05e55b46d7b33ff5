using CsCheck;
using Mantle.Init.Network.Dhcp;

namespace Mantle.Init.Tests.Network.Dhcp;

public sealed class DhcpClientTests
{
    private uint _random = 1;

    [Fact]
    public void Four_messages_make_a_lease()
    {
        DhcpClient client = New();
        byte[] discover = Broadcast(client.Start(0));
        Assert.Equal([1], DhcpServer.Option(discover, 53)!);
        byte[] request = Broadcast(Answer(client, DhcpMessageType.Offer, discover, 10));
        Assert.Equal([3], DhcpServer.Option(request, 53)!);
        Assert.Equal([10, 0, 2, 15], DhcpServer.Option(request, 50)!);
        Assert.Equal([10, 0, 2, 2], DhcpServer.Option(request, 54)!);
        DhcpAction.Apply apply = Assert.IsType<DhcpAction.Apply>(Assert.Single(Answer(client, DhcpMessageType.Acknowledge, request, 20)));
        Assert.Equal("10.0.2.15", apply.Lease.Address.ToString());
        Assert.Equal(DhcpState.Bound, client.State);
        Assert.Equal(20 + 1_800_000, client.Deadline);
    }

    [Fact]
    public void Discovery_is_repeated_for_ever_at_growing_intervals()
    {
        DhcpClient client = New();
        client.Start(0);
        long now = 0, longest = 0;
        for (int turn = 0; turn < 50; turn++)
        {
            Assert.InRange(client.Deadline - now, 375, 20_000);
            longest = Math.Max(longest, client.Deadline - now);
            now = client.Deadline;
            Assert.Equal([1], DhcpServer.Option(Broadcast(client.OnTimer(now)), 53)!);
        }

        Assert.InRange(longest, 12_000, 20_000);
    }

    [Fact]
    public void A_late_offer_still_counts()
    {
        DhcpClient client = New();
        byte[] discover = Broadcast(client.Start(0));
        client.OnTimer(client.Deadline);
        client.OnTimer(client.Deadline);
        Assert.Equal([3], DhcpServer.Option(Broadcast(Answer(client, DhcpMessageType.Offer, discover, 3000)), 53)!);
    }

    [Fact]
    public void A_request_without_answer_leads_back_to_discovery()
    {
        DhcpClient client = New();
        Answer(client, DhcpMessageType.Offer, Broadcast(client.Start(0)), 10);
        List<byte> types = [];
        for (int turn = 0; turn < 4; turn++)
        {
            types.AddRange(DhcpServer.Option(Broadcast(client.OnTimer(client.Deadline)), 53)!);
        }

        Assert.Equal([3, 3, 3, 1], types);
    }

    [Fact]
    public void An_offer_that_cannot_be_used_is_waited_past()
    {
        DhcpClient client = New();
        byte[] discover = Broadcast(client.Start(0));
        uint id = DhcpServer.TransactionId(discover);
        Assert.Empty(client.OnMessage(DhcpServer.Reply(DhcpMessageType.Offer, id, "127.0.0.1", DhcpServer.Usual()), 5));
        Assert.Empty(client.OnMessage(DhcpServer.Reply(DhcpMessageType.Offer, id + 1, "10.0.2.15", DhcpServer.Usual()), 6));
        Assert.Equal(DhcpState.Selecting, client.State);
        Assert.Single(Answer(client, DhcpMessageType.Offer, discover, 7));
    }

    [Theory]
    [InlineData("10.0.2.16", "10.0.2.2")] // another address
    [InlineData("10.0.2.15", "10.0.2.99")] // another server
    public void An_acknowledgement_of_something_else_is_not_heeded(string address, string server)
    {
        DhcpClient client = New();
        byte[] request = Broadcast(Answer(client, DhcpMessageType.Offer, Broadcast(client.Start(0)), 10));
        Assert.Empty(client.OnMessage(
            DhcpServer.Reply(DhcpMessageType.Acknowledge, DhcpServer.TransactionId(request), address, DhcpServer.Usual(server)), 20));
        Assert.Equal(DhcpState.Requesting, client.State);
    }

    [Fact]
    public void Offers_that_are_then_refused_make_no_fast_loop()
    {
        DhcpClient client = New();
        List<DhcpAction> actions = client.Start(0);
        long now = 0, began = 0;
        for (int turn = 0; turn < 10; turn++)
        {
            byte[] request = Broadcast(Answer(client, DhcpMessageType.Offer, Broadcast(actions), now));
            began = now;
            Assert.Empty(client.OnMessage(
                DhcpServer.Reply(DhcpMessageType.NegativeAcknowledge, DhcpServer.TransactionId(request), "0.0.0.0", (54, [10, 0, 2, 2])), now));
            Assert.Equal(DhcpState.Initial, client.State);
            now = client.Deadline;
            actions = client.OnTimer(now);
        }

        Assert.InRange(now - began, 12_000, 20_000);
    }

    [Fact]
    public void A_lease_is_renewed_with_its_server_and_then_with_any()
    {
        DhcpClient client = Bound(out DhcpLease lease);
        DhcpAction.Send renew = Assert.IsType<DhcpAction.Send>(Assert.Single(client.OnTimer(client.Deadline)));
        Assert.Equal(DhcpState.Renewing, client.State);
        Assert.Equal((lease.Address, lease.Server), (renew.From, renew.To));
        Assert.Equal([10, 0, 2, 15], renew.Message[12..16]);
        Assert.Null(DhcpServer.Option(renew.Message, 50)); // RFC 2131, table 5: neither option while renewing
        Assert.Null(DhcpServer.Option(renew.Message, 54));

        while (client.State == DhcpState.Renewing)
        {
            renew = Assert.IsType<DhcpAction.Send>(Assert.Single(client.OnTimer(client.Deadline)));
        }

        Assert.Equal(DhcpState.Rebinding, client.State);
        Assert.Equal("255.255.255.255", renew.To.ToString());

        // In REBINDING another server may answer, and is the server from then on.
        long now = client.Deadline - 1;
        Assert.IsType<DhcpAction.Apply>(Assert.Single(client.OnMessage(
            DhcpServer.Reply(DhcpMessageType.Acknowledge, DhcpServer.TransactionId(renew.Message), "10.0.2.15", DhcpServer.Usual("10.0.2.77")), now)));
        Assert.Equal("10.0.2.77", client.Lease!.Server.ToString());
        Assert.Equal(now + 1_800_000, client.Deadline);
    }

    [Fact]
    public void A_lease_that_nobody_renews_ends_on_time()
    {
        DhcpClient client = Bound(out _);
        List<DhcpAction> actions;
        int sent = 0;
        do
        {
            actions = client.OnTimer(client.Deadline);
            sent++;
        }
        while (actions is [DhcpAction.Send]);
        Assert.IsType<DhcpAction.Remove>(Assert.Single(actions));
        Assert.Null(client.Lease);
        Assert.InRange(sent, 4, 40);
        Assert.Equal([1], DhcpServer.Option(Broadcast(client.OnTimer(client.Deadline)), 53)!);
    }

    [Fact]
    public void A_refusal_while_renewing_takes_the_address_away()
    {
        DhcpClient client = Bound(out _);
        byte[] renew = Assert.IsType<DhcpAction.Send>(Assert.Single(client.OnTimer(client.Deadline))).Message;
        Assert.IsType<DhcpAction.Remove>(Assert.Single(client.OnMessage(
            DhcpServer.Reply(DhcpMessageType.NegativeAcknowledge, DhcpServer.TransactionId(renew), "0.0.0.0", (54, [10, 0, 2, 2])), 2_000_000)));
    }

    [Fact]
    public void A_lease_for_ever_has_no_deadline()
    {
        DhcpClient client = New();
        byte[] request = Broadcast(Answer(client, DhcpMessageType.Offer, Broadcast(client.Start(0)), 10));
        client.OnMessage(
            DhcpServer.Reply(DhcpMessageType.Acknowledge, DhcpServer.TransactionId(request), "10.0.2.15", DhcpServer.Usual(lease: uint.MaxValue)), 20);
        Assert.Equal(long.MaxValue, client.Deadline);
    }

    /// <summary>Any order of times, well-formed and damaged messages: no exception, no deadline in the past, no lease without its Apply.</summary>
    [Fact]
    public void No_conversation_confuses_it() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 4_000_000], Gen.Byte.Array[0, 8]).Array[1, 60].Sample(
            events =>
            {
                DhcpClient client = New();
                long now = 0;
                bool applied = false;
                byte[] last = new byte[300];
                List<DhcpAction> actions = client.Start(now);
                foreach ((int kind, int step, byte[] noise) in events)
                {
                    foreach (DhcpAction action in actions)
                    {
                        last = action switch { DhcpAction.Broadcast sent => sent.Message, DhcpAction.Send sent => sent.Message, _ => last };
                        applied = action switch { DhcpAction.Apply => true, DhcpAction.Remove => false, _ => applied };
                    }

                    Assert.Equal(applied, client.Lease is not null);
                    Assert.True(client.Deadline > now);
                    bool timer = kind == 0 && client.Deadline < long.MaxValue;
                    now = timer ? client.Deadline : Math.Min(now + (step >> (noise.Length * 2)), client.Deadline - 1);
                    DhcpMessageType type = (kind % 3) switch { 0 => DhcpMessageType.Offer, 1 => DhcpMessageType.Acknowledge, _ => DhcpMessageType.NegativeAcknowledge };
                    byte[] message = DhcpServer.Reply(type, DhcpServer.TransactionId(last), "10.0.2.15", DhcpServer.Usual());
                    if (kind > 7)
                    {
                        noise.CopyTo(message.AsSpan(step % (message.Length - noise.Length)));
                    }

                    actions = timer ? client.OnTimer(now) : client.OnMessage(message, now);
                }
            },
            iter: 2000,
            threads: 1);

    private DhcpClient New() => new(DhcpServer.Hardware, () => unchecked(_random = (_random * 1664525) + 1013904223));

    private DhcpClient Bound(out DhcpLease lease)
    {
        DhcpClient client = New();
        byte[] request = Broadcast(Answer(client, DhcpMessageType.Offer, Broadcast(client.Start(0)), 10));
        Answer(client, DhcpMessageType.Acknowledge, request, 20);
        lease = client.Lease!;
        return client;
    }

    private static List<DhcpAction> Answer(DhcpClient client, DhcpMessageType type, byte[] message, long now) =>
        client.OnMessage(DhcpServer.Reply(type, DhcpServer.TransactionId(message), "10.0.2.15", DhcpServer.Usual()), now);

    private static byte[] Broadcast(List<DhcpAction> actions) => Assert.IsType<DhcpAction.Broadcast>(Assert.Single(actions)).Message;
}
