using System.Buffers.Binary;
using System.Text;
using Mantle.Init.Kernel;

namespace Mantle.Init.Network;

/// <summary>
/// Where DHCP messages come and go: packets of the device while the machine has no address, the kernel's UDP on port 68 while
/// a lease is renewed, nothing in between (in BOUND no packet wakes PID 1).
/// </summary>
/// <param name="link">The device.</param>
internal sealed unsafe class DhcpSocket(Link link)
{
    private const ushort ServerPort = 67;
    private const ushort ClientPort = 68;
    private const int FamilyInternet = 2;
    private const int FamilyPacket = 17;
    private const int Datagram = 2;
    private const int CloseOnExecNonBlocking = 0x80800;
    private const ushort EtherTypeIpv4 = 0x0800;
    private const int SocketLevel = 1;
    private const int ReuseAddress = 2, AllowBroadcast = 6, BindToDevice = 25, AttachFilter = 26;

    /// <summary>
    /// Classic BPF over the IPv4 packet: UDP, not a later fragment, destination port 68. Without it every packet that the
    /// machine receives would be copied to PID 1.
    /// </summary>
    private static readonly ulong[] s_filter =
    [
        Instruction(0x30, 0, 0, 9), // A = protocol
        Instruction(0x15, 0, 6, 17), // UDP?
        Instruction(0x28, 0, 0, 6), // A = fragment offset
        Instruction(0x45, 4, 0, 0x1FFF),
        Instruction(0xB1, 0, 0, 0), // X = header length
        Instruction(0x48, 0, 0, 2), // A = destination port
        Instruction(0x15, 0, 1, ClientPort),
        Instruction(0x06, 0, 0, 0xFFFF), // take it
        Instruction(0x06, 0, 0, 0), // leave it
    ];

    private bool _packets;

    /// <summary>What to poll; -1 while nothing is expected.</summary>
    internal int Descriptor { get; private set; } = -1;

    /// <summary>Broadcasts a message from 0.0.0.0. A device that can't send now is like a lost packet: the client tries again.</summary>
    internal void Broadcast(ReadOnlySpan<byte> message)
    {
        if (!_packets)
        {
            OpenPackets();
        }

        byte* address = stackalloc byte[20];
        PacketAddress(address);
        SendTo(UdpDatagram.Broadcast(ClientPort, ServerPort, message), address, 20);
    }

    /// <summary>Sends a message from an address of the device.</summary>
    internal void Send(ReadOnlySpan<byte> message, Ipv4Address from, Ipv4Address to)
    {
        if (_packets || Descriptor < 0)
        {
            OpenUdp(from);
        }

        byte* address = stackalloc byte[16];
        InternetAddress(address, to, ServerPort);
        SendTo(message, address, 16);
    }

    /// <summary>The next message; empty when there is none now, or when what came was none.</summary>
    internal ReadOnlySpan<byte> Receive(Span<byte> buffer)
    {
        ReadOnlySpan<byte> received = Netlink.Receive(Descriptor, buffer);
        return !_packets ? received : UdpDatagram.TryRead(received, ServerPort, ClientPort, out ReadOnlySpan<byte> payload) ? payload : default;
    }

    internal void Close()
    {
        if (Descriptor >= 0)
        {
            _ = Interop.Libc.close(Descriptor);
        }

        Descriptor = -1;
        _packets = false;
    }

    private static ulong Instruction(ushort code, byte whenTrue, byte whenFalse, uint value) =>
        code | ((ulong)whenTrue << 16) | ((ulong)whenFalse << 24) | ((ulong)value << 32);

    private void OpenPackets()
    {
        Close();

        // Protocol 0 hears nothing until bind(2), so no packet slips in before the filter.
        Descriptor = SystemCallException.Check(
            Interop.Libc.socket(FamilyPacket, Datagram | CloseOnExecNonBlocking, 0), "packet socket");
        _packets = true;
        fixed (ulong* filter = s_filter)
        {
            // struct sock_fprog: count 2, padding 6, pointer 8.
            ulong* program = stackalloc ulong[2];
            program[0] = (ulong)s_filter.Length;
            program[1] = (ulong)filter;
            SystemCallException.Check(Interop.Libc.setsockopt(Descriptor, SocketLevel, AttachFilter, (byte*)program, 16), "packet filter");
        }

        byte* address = stackalloc byte[20];
        PacketAddress(address);
        SystemCallException.Check(Interop.Libc.bind(Descriptor, address, 20), "packet bind");
    }

    private void OpenUdp(Ipv4Address from)
    {
        Close();
        Descriptor = SystemCallException.Check(
            Interop.Libc.socket(FamilyInternet, Datagram | CloseOnExecNonBlocking, 0), "udp socket");
        int yes = 1;
        SystemCallException.Check(Interop.Libc.setsockopt(Descriptor, SocketLevel, ReuseAddress, (byte*)&yes, 4), "SO_REUSEADDR");
        SystemCallException.Check(Interop.Libc.setsockopt(Descriptor, SocketLevel, AllowBroadcast, (byte*)&yes, 4), "SO_BROADCAST");
        fixed (byte* name = Encoding.ASCII.GetBytes(link.Name))
        {
            SystemCallException.Check(
                Interop.Libc.setsockopt(Descriptor, SocketLevel, BindToDevice, name, (uint)link.Name.Length), "SO_BINDTODEVICE");
        }

        byte* address = stackalloc byte[16];
        InternetAddress(address, from, ClientPort);
        SystemCallException.Check(Interop.Libc.bind(Descriptor, address, 16), "udp bind");
    }

    private void SendTo(ReadOnlySpan<byte> message, byte* address, uint length)
    {
        fixed (byte* pointer = message)
        {
            _ = Interop.Libc.sendto(Descriptor, pointer, (nuint)message.Length, 0, address, length);
        }
    }

    // struct sockaddr_ll: family 2, protocol 2 (big-endian), device 4, hardware type 2, packet type 1, length 1, address 8.
    private void PacketAddress(byte* address)
    {
        Span<byte> bytes = new(address, 20);
        bytes.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, FamilyPacket);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], EtherTypeIpv4);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], link.Index);
        bytes[11] = 6;
        bytes.Slice(12, 6).Fill(0xFF);
    }

    private static void InternetAddress(byte* address, Ipv4Address host, ushort port)
    {
        Span<byte> bytes = new(address, 16);
        bytes.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, FamilyInternet);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], port);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], host.Value);
    }
}
