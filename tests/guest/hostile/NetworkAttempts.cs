using System.Buffers.Binary;
using System.Net;

namespace Mantle.Hostile;

/// <summary>The instance metadata, the network's settings, other kinds of sockets.</summary>
internal static class NetworkAttempts
{
    private const int Socket = 41, Connect = 42, SendTo = 44, Bind = 49, SetOption = 54, Receive = 45;
    private const int Internet = 2, Internet6 = 10, NetlinkFamily = 16, Stream = 1, Datagram = 2, Raw = 3;

    private static readonly IPAddress s_metadata = IPAddress.Parse("169.254.169.254");

    public static IEnumerable<Attempt> All() =>
    [
        Metadata("by TCP", () => Reach(s_metadata, 80)),
        Metadata("by UDP", () => Interop.CallWith(Address(s_metadata, 80), address => Interop.Call(SendTo, Interop.Call(Socket, Internet, Datagram), address, 4, 0, address, 16))),
        Metadata("by TCP with data in the first packet", () => Interop.CallWith(Address(s_metadata, 80), address => Interop.Call(SendTo, Interop.Call(Socket, Internet, Stream), address, 4, 0x20000000, address, 16))),
        Metadata("by Multipath TCP", () => Reach(s_metadata, 80, protocol: 262)),
        Metadata("as an IPv6 address of IPv4", () => Reach(s_metadata.MapToIPv6(), 80)),
        Metadata("by IPv6", () => Reach(IPAddress.Parse("fd00:ec2::254"), 80)),
        Metadata("by a device", () => Reach(s_metadata, 80, with: BindToDevice)),
        Metadata("by a device's number", () => Reach(s_metadata, 80, with: socket => Option(socket, 1, 62, [2, 0, 0, 0]))),
        Metadata("by a device for all that has none", () => Reach(s_metadata, 80, with: socket => Option(socket, 0, 50, [0, 0, 0, 2]))),
        Metadata("without routes", () => Reach(s_metadata, 80, with: socket => Option(socket, 1, 5, [1, 0, 0, 0]))),
        Metadata("by a source route over another", () => Reach(s_metadata, 80, with: socket => Option(socket, 0, 4, SourceRoute(Program.KeyService)))),
        Metadata("by a source route over it", () => Reach(Program.KeyService, 443, with: socket => Option(socket, 0, 4, SourceRoute(s_metadata)))),
        Attempt.Call("the network", "take the metadata's rule away", () => Netlink(33, [Internet, 32, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 8, 0, 1, 0, .. s_metadata.GetAddressBytes(), 8, 0, 6, 0, 101, 0, 0, 0])),
        Attempt.Call("the network", "put a rule before it", () => Netlink(32, [Internet, 32, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0, 8, 0, 1, 0, .. s_metadata.GetAddressBytes(), 8, 0, 6, 0, 1, 0, 0, 0])),
        Attempt.Call("the network", "add a route", () => Netlink(24, [Internet, 0, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0])),
        Attempt.Call("the network", "add an address", () => Netlink(20, [Internet, 32, 0, 0, 1, 0, 0, 0, 8, 0, 2, 0, 10, 0, 0, 1])),
        Attempt.Call("the network", "switch a device off", () => Netlink(16, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])),
        Attempt.Call("the network", "answer in the DHCP server's place", () => Listen(Datagram, 67)),
        Attempt.Call("the network", "hear the DHCP server's answers", () => Listen(Datagram, 68)),
        Attempt.Call("the network", "tell stage codes in process 1's place", () => Listen(Stream, Program.StatusPort)),
        Opens("raw", Internet, Raw, 1),
        Opens("ping", Internet, Datagram, 1),
        Opens("packet", 17, Raw, 0x300),
        Opens("XDP", 44, Raw, 0),
        Opens("vsock", 40, Stream, 0),
        Opens("kernel cryptography", 38, 5, 0),
        Opens("IPsec key", 15, Raw, 2),
        Opens("SCTP", Internet, Stream, 132),
        Opens("TIPC", 30, 5, 0),
        Opens("CAN", 29, Raw, 1),
        Opens("Bluetooth", 31, Raw, 1),
        Opens("netfilter", NetlinkFamily, Raw, 12),
        Opens("IPsec policy", NetlinkFamily, Raw, 6),
    ];

    /// <summary>Connects by TCP.</summary>
    public static nint Reach(IPAddress host, ushort port, int protocol = 0, Func<nint, nint>? with = null)
    {
        byte[] address = Address(host, port);
        nint socket = Interop.Call(Socket, address[0], Stream, protocol);
        if (socket < 0)
        {
            return socket;
        }

        nint prepared = with?.Invoke(socket) ?? 0;
        return prepared < 0 ? prepared : Interop.CallWith(address, pointer => Interop.Call(Connect, socket, pointer, address.Length));
    }

    /// <summary>One request to the kernel's routing: the error of its answer, or 0 for an answer without one.</summary>
    public static nint Netlink(ushort type, byte[] body)
    {
        byte[] message = new byte[16 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), 0x405); // request, acknowledge, create
        body.CopyTo(message, 16);
        nint socket = Interop.Call(Socket, NetlinkFamily, Raw, 0);
        nint sent = socket < 0 ? socket : Interop.CallWith(message, pointer => Interop.Call(SendTo, socket, pointer, message.Length));
        if (sent < 0)
        {
            return sent;
        }

        byte[] answer = new byte[8192];
        nint received = Interop.CallWith(answer, pointer => Interop.Call(Receive, socket, pointer, answer.Length));
        const ushort Error = 2;
        return received < 20 ? received : BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(4)) == Error ? BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(16)) : 0;
    }

    private static Attempt Metadata(string how, Func<nint> call) => Attempt.Call("the instance metadata", $"reach it {how}", call);

    private static Attempt Opens(string kind, int family, int type, int protocol) =>
        Attempt.Call("sockets", $"open a socket: {kind}", () => Interop.Call(Socket, family, type, protocol));

    private static nint Listen(int type, int port) => Interop.CallWith(Address(IPAddress.Any, (ushort)port), address =>
    {
        nint socket = Interop.Call(Socket, Internet, type);
        _ = Option(socket, 1, 2, [1, 0, 0, 0]); // SO_REUSEADDR
        return Interop.Call(Bind, socket, address, 16);
    });

    private static nint Option(nint socket, int level, int name, byte[] value) => Interop.CallWith(value, pointer => Interop.Call(SetOption, socket, level, name, pointer, value.Length));

    private static nint BindToDevice(nint socket)
    {
        string? device = Directory.GetFileSystemEntries("/sys/class/net").Select(path => Path.GetFileName(path)).FirstOrDefault(name => name != "lo");
        return device is null ? throw new InvalidOperationException("no device") : Option(socket, 1, 25, System.Text.Encoding.ASCII.GetBytes(device));
    }

    /// <summary>Loose source and record route of RFC 791: over one address.</summary>
    private static byte[] SourceRoute(IPAddress over) => [131, 7, 4, .. over.GetAddressBytes(), 0];

    private static byte[] Address(IPAddress host, ushort port)
    {
        byte[] bytes = host.GetAddressBytes();
        byte[] place = [(byte)(port >> 8), (byte)(port & 0xFF)];
        return bytes.Length == 4 ? [Internet, 0, .. place, .. bytes, 0, 0, 0, 0, 0, 0, 0, 0] : [Internet6, 0, .. place, 0, 0, 0, 0, .. bytes, 0, 0, 0, 0];
    }
}
