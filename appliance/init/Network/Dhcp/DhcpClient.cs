using Mantle.Formats.Bytes;

namespace Mantle.Init.Network.Dhcp;

/// <summary>
/// The client of RFC 2131 as a state machine without clock, network or randomness of its own: it is told the time and what was
/// heard, and answers with what to do. No address from an earlier boot is known, so it begins in INIT.
/// </summary>
/// <param name="hardwareAddress">6 bytes.</param>
/// <param name="random">Unpredictable numbers.</param>
internal sealed class DhcpClient(ReadOnlyMemory<byte> hardwareAddress, Func<uint> random)
{
    private const long FirstRetry = 500;
    private const long LongestRetry = 16_000;
    private const int RequestTries = 4;
    private const long ShortestRenewalRetry = 60_000;

    private DhcpState _state = DhcpState.Initial;
    private uint _transactionId;
    private long _began;
    private long _retry = FirstRetry;
    private int _tries;
    private long _leasedAt;
    private DhcpLease? _offer;

    /// <summary>Where the client is, in the terms of RFC 2131, figure 5.</summary>
    internal DhcpState State => _state;

    /// <summary>The lease in force; null without one.</summary>
    internal DhcpLease? Lease { get; private set; }

    /// <summary>When <see cref="OnTimer"/> is to be called, on the caller's clock in milliseconds.</summary>
    internal long Deadline { get; private set; } = long.MaxValue;

    /// <summary>The link is there: begin.</summary>
    internal List<DhcpAction> Start(long now)
    {
        _began = now;
        _retry = FirstRetry;
        return Discover(now);
    }

    /// <summary>The deadline has come.</summary>
    internal List<DhcpAction> OnTimer(long now)
    {
        switch (_state)
        {
            case DhcpState.Initial or DhcpState.Selecting:
                return Discover(now);
            case DhcpState.Requesting when _tries < RequestTries:
                return [Request(now)];
            case DhcpState.Requesting:
                return Discover(now);
            default:
                return Extend(now);
        }
    }

    /// <summary>A message was heard. One that is malformed, not for this client or out of place changes nothing.</summary>
    internal List<DhcpAction> OnMessage(ReadOnlySpan<byte> bytes, long now)
    {
        try
        {
            DhcpReply reply = DhcpReply.Read(bytes, hardwareAddress.Span);
            return reply.TransactionId != _transactionId ? [] : (_state, reply.Type) switch
            {
                (DhcpState.Selecting, DhcpMessageType.Offer) => OnOffer(DhcpLease.From(reply), now),
                (DhcpState.Requesting or DhcpState.Renewing or DhcpState.Rebinding, DhcpMessageType.Acknowledge) =>
                    OnAcknowledge(DhcpLease.From(reply), now),
                (DhcpState.Requesting or DhcpState.Renewing or DhcpState.Rebinding, DhcpMessageType.NegativeAcknowledge) =>
                    OnNegativeAcknowledge(reply, now),
                _ => [],
            };
        }
        catch (MalformedInputException)
        {
            return [];
        }
    }

    private List<DhcpAction> Discover(long now)
    {
        // A DISCOVER that is repeated keeps its number, so that the offer of a server that thinks for long still counts.
        _transactionId = _state == DhcpState.Selecting ? _transactionId : random();
        _state = DhcpState.Selecting;
        _offer = null;
        Retry(now);
        byte[] message = DhcpRequest.Write(
            DhcpMessageType.Discover, hardwareAddress.Span, _transactionId, Seconds(now), Ipv4Address.Any, Ipv4Address.Any, Ipv4Address.Any);
        return [new DhcpAction.Broadcast(message)];
    }

    private List<DhcpAction> OnOffer(DhcpLease offer, long now)
    {
        _state = DhcpState.Requesting;
        _offer = offer;
        _tries = 0;
        return [Request(now)];
    }

    private DhcpAction.Broadcast Request(long now)
    {
        _tries++;
        Retry(now);
        return new DhcpAction.Broadcast(DhcpRequest.Write(
            DhcpMessageType.Request, hardwareAddress.Span, _transactionId, Seconds(now), Ipv4Address.Any, _offer!.Address, _offer.Server));
    }

    private List<DhcpAction> OnAcknowledge(DhcpLease lease, long now)
    {
        // Another address or another server than was asked for is an answer to nothing. In REBINDING any server may answer.
        DhcpLease asked = _state == DhcpState.Requesting ? _offer! : Lease!;
        if (lease.Address != asked.Address || (_state != DhcpState.Rebinding && lease.Server != asked.Server))
        {
            return [];
        }

        _state = DhcpState.Bound;
        _offer = null;
        _retry = FirstRetry;
        _leasedAt = now;
        Lease = lease;
        Deadline = After(lease.RenewSeconds);
        return [new DhcpAction.Apply(lease)];
    }

    private List<DhcpAction> OnNegativeAcknowledge(DhcpReply reply, long now)
    {
        DhcpLease asked = _state == DhcpState.Requesting ? _offer! : Lease!;
        if (_state != DhcpState.Rebinding && reply.Server != asked.Server)
        {
            return [];
        }

        // Back to INIT, but not at once: a server that offers and then refuses must not make a loop without a pause. The pause
        // grows, because only an acknowledgement makes it short again.
        return Lose(now);
    }

    /// <summary>BOUND, RENEWING or REBINDING: asks for a longer lease, or gives the address up at its end.</summary>
    private List<DhcpAction> Extend(long now)
    {
        DhcpLease lease = Lease!;
        long end = After(lease.LeaseSeconds);
        if (now >= end)
        {
            return Lose(now);
        }

        long rebind = After(lease.RebindSeconds);
        bool renewing = now < rebind;
        DhcpState before = _state;
        _state = renewing ? DhcpState.Renewing : DhcpState.Rebinding;
        if (before != _state)
        {
            _transactionId = random();
            _began = now;
        }

        // RFC 2131, 4.4.5: half of what is left, but not more often than once a minute.
        long next = renewing ? rebind : end;
        Deadline = Math.Min(next, now + Math.Max((next - now) / 2, ShortestRenewalRetry));
        byte[] message = DhcpRequest.Write(
            DhcpMessageType.Request, hardwareAddress.Span, _transactionId, Seconds(now), lease.Address, Ipv4Address.Any, Ipv4Address.Any);
        return [new DhcpAction.Send(message, lease.Address, renewing ? lease.Server : Ipv4Address.Broadcast)];
    }

    private List<DhcpAction> Lose(long now)
    {
        bool had = Lease is not null;
        Lease = null;
        _offer = null;
        _state = DhcpState.Initial;
        _began = now;
        Retry(now);
        return had ? [new DhcpAction.Remove()] : [];
    }

    /// <summary>Sets the deadline of a retransmission: doubled each time up to 16 s, and up to a quarter off either way.</summary>
    private void Retry(long now)
    {
        long quarter = _retry / 4;
        Deadline = now + _retry - quarter + (random() % ((2 * quarter) + 1));
        _retry = Math.Min(_retry * 2, LongestRetry);
    }

    private long After(uint seconds) => seconds == DhcpLease.Infinite ? long.MaxValue : _leasedAt + (seconds * 1000L);

    private ushort Seconds(long now) => (ushort)Math.Clamp((now - _began) / 1000, 0, ushort.MaxValue);
}
