using System.Numerics;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Init.Network.Dhcp;

/// <summary>
/// What a server has granted, after every field was judged. The server is whoever answered on the local network: nothing that
/// it says may do more than give this machine a bad network.
/// </summary>
internal sealed class DhcpLease
{
    /// <summary>A lease time of this many seconds never ends.</summary>
    internal const uint Infinite = uint.MaxValue;

    private const int MaximumRoutes = 64;
    private const int MaximumNameServers = 3; // what resolvers heed
    private const uint MinimumLeaseSeconds = 60;
    private const int MinimumMtu = 576; // RFC 791: what every host must accept
    private const int MaximumMtu = 9216;
    private const string Format = "dhcp";

    private DhcpLease()
    {
    }

    internal required Ipv4Address Address { get; init; }

    internal required int PrefixLength { get; init; }

    internal required Ipv4Address Server { get; init; }

    /// <summary>Seconds from the reply on; <see cref="Infinite"/> for ever.</summary>
    internal required uint LeaseSeconds { get; init; }

    /// <summary>T1: when this server is asked again, in seconds from the reply on.</summary>
    internal required uint RenewSeconds { get; init; }

    /// <summary>T2: when any server is asked, in seconds from the reply on.</summary>
    internal required uint RebindSeconds { get; init; }

    internal required Ipv4Route[] Routes { get; init; }

    internal required Ipv4Address[] NameServers { get; init; }

    /// <summary>Null for none.</summary>
    internal required string? DomainName { get; init; }

    /// <summary>In bytes; null for the device's own.</summary>
    internal required int? Mtu { get; init; }

    /// <summary>The text of resolv.conf(5).</summary>
    internal string ResolverConfiguration
    {
        get
        {
            StringBuilder text = new();
            if (DomainName is not null)
            {
                text.Append("search ").Append(DomainName).Append('\n');
            }

            foreach (Ipv4Address server in NameServers)
            {
                text.Append("nameserver ").Append(server.ToString()).Append('\n');
            }

            return text.ToString();
        }
    }

    /// <summary>Judges an offer or an acknowledgement.</summary>
    /// <exception cref="MalformedInputException">It can't be used.</exception>
    internal static DhcpLease From(DhcpReply reply)
    {
        Ipv4Address address = reply.YourAddress;
        uint mask = reply.Number(DhcpOption.SubnetMask) ?? throw Refused("subnet mask is missing");
        int prefixLength = BitOperations.PopCount(mask);
        if (mask != Ipv4Address.Mask(prefixLength) || prefixLength < 8)
        {
            throw Refused($"subnet mask \"{new Ipv4Address(mask)}\" is impossible");
        }

        uint hostBits = address.Value & ~mask;
        if (!address.IsUnicast || (prefixLength < 31 && (hostBits == 0 || hostBits == ~mask)))
        {
            throw Refused($"address \"{address}\" is no host's");
        }

        if (!reply.Server.IsUnicast)
        {
            throw Refused($"server \"{reply.Server}\" is no host's");
        }

        uint lease = reply.Number(DhcpOption.LeaseTime) ?? throw Refused("lease time is missing");
        if (lease < MinimumLeaseSeconds)
        {
            throw Refused($"lease of {lease} s is too short");
        }

        (uint renew, uint rebind) = Times(lease, reply.Number(DhcpOption.RenewalTime), reply.Number(DhcpOption.RebindingTime));
        return new DhcpLease
        {
            Address = address,
            PrefixLength = prefixLength,
            Server = reply.Server,
            LeaseSeconds = lease,
            RenewSeconds = renew,
            RebindSeconds = rebind,
            Routes = RoutesOf(reply, address),
            NameServers = [.. reply.Addresses(DhcpOption.DomainNameServer).Where(server => server.IsUnicast).Take(MaximumNameServers)],
            DomainName = DomainNameOf(reply),
            Mtu = reply.Option(DhcpOption.InterfaceMtu, 2, 2) is [byte high, byte low] && ((high << 8) | low) is >= MinimumMtu and <= MaximumMtu
                ? (high << 8) | low
                : null,
        };
    }

    /// <summary>The server's T1 and T2 if they are in order, else half and seven eighths of the lease (RFC 2131, 4.4.5).</summary>
    private static (uint Renew, uint Rebind) Times(uint lease, uint? renew, uint? rebind)
    {
        if (lease == Infinite)
        {
            return (Infinite, Infinite);
        }

        uint t2 = rebind is { } second && second > MinimumLeaseSeconds / 2 && second < lease ? second : (uint)((ulong)lease * 7 / 8);
        uint t1 = renew is { } first && first >= MinimumLeaseSeconds / 2 && first < t2 ? first : Math.Min(lease / 2, t2 - 1);
        return (t1, t2);
    }

    private static Ipv4Route[] RoutesOf(DhcpReply reply, Ipv4Address address)
    {
        // RFC 3442: with option 121 the router option is ignored. A gateway is a host and not this one.
        Ipv4Route[] routes = reply.ClassLessRoutes()
            ?? [.. reply.Addresses(DhcpOption.Router).Take(1).Select(router => new Ipv4Route(Ipv4Address.Any, 0, router))];
        if (routes.Length > MaximumRoutes)
        {
            throw Refused($"there are {routes.Length} routes");
        }

        return [.. routes.Where(route => IsUsable(route, address)).Distinct()];
    }

    private static bool IsUsable(Ipv4Route route, Ipv4Address address)
    {
        bool gateway = route.Gateway == Ipv4Address.Any ? route.PrefixLength > 0 : route.Gateway.IsUnicast && route.Gateway != address;
        bool destination = route.PrefixLength == 0 || (route.Destination.Value >> 24) is >= 1 and < 224 and not 127;
        return gateway && destination;
    }

    /// <summary>Letters, digits, hyphens and dots only: the text goes into a file that resolvers parse. Otherwise it is dropped.</summary>
    private static string? DomainNameOf(DhcpReply reply)
    {
        ReadOnlySpan<byte> value = reply.Option(DhcpOption.DomainName, 1, DhcpReply.MaximumLength).TrimEnd((byte)0);
        if (value.Length is 0 or > 253)
        {
            return null;
        }

        string name = Encoding.Latin1.GetString(value);
        bool valid = name.Split('.').All(label =>
            label.Length is >= 1 and <= 63 && label[0] != '-' && label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'));
        return valid ? name : null;
    }

    private static MalformedInputException Refused(string problem) => new(Format, 0, problem);
}
