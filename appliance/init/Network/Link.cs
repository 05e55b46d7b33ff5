using System.Buffers.Binary;
using System.Text;

namespace Mantle.Init.Network;

/// <summary>A network device as the kernel announces it (RTM_NEWLINK).</summary>
/// <param name="Index">The kernel's number of it.</param>
/// <param name="Kind">ARPHRD_…: 1 is Ethernet.</param>
/// <param name="Flags">IFF_….</param>
/// <param name="Name">For example <c>eth0</c>.</param>
/// <param name="HardwareAddress">6 bytes for Ethernet.</param>
internal sealed record Link(int Index, ushort Kind, uint Flags, string Name, ReadOnlyMemory<byte> HardwareAddress)
{
    private const ushort ErrorMessage = 2;
    private const ushort NameAttribute = 3;
    private const ushort AddressAttribute = 1;

    internal bool IsEthernet => Kind == 1 && HardwareAddress.Length == 6 && Name.Length > 0;

    internal bool IsUp => (Flags & 1) != 0;

    /// <summary>IFF_RUNNING: up, and the line is there.</summary>
    internal bool IsRunning => (Flags & 0x40) != 0;

    /// <summary>The devices that a datagram of the kernel's announces; other messages in it are passed over.</summary>
    internal static List<Link> ReadAll(ReadOnlySpan<byte> datagram)
    {
        List<Link> links = [];
        while (datagram.Length >= 16)
        {
            int length = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(datagram), int.MaxValue);
            if (length < 16 || length > datagram.Length)
            {
                break;
            }

            if (BinaryPrimitives.ReadUInt16LittleEndian(datagram[4..]) == RouteMessage.NewLink && length >= 32)
            {
                links.Add(Read(datagram[16..length]));
            }

            datagram = datagram[Math.Min(Align(length), datagram.Length)..];
        }

        return links;
    }

    /// <summary>The error number of an acknowledgement (0: done); null if the datagram is none.</summary>
    internal static int? ReadAcknowledgement(ReadOnlySpan<byte> datagram) =>
        datagram.Length >= 20 && BinaryPrimitives.ReadUInt16LittleEndian(datagram[4..]) == ErrorMessage
            ? unchecked(-BinaryPrimitives.ReadInt32LittleEndian(datagram[16..])) // the least number is its own negative, and no error that exists
            : null;

    // struct ifinfomsg: family 1, padding 1, type 2, index 4, flags 4, change 4; then attributes: length 2, type 2, value.
    private static Link Read(ReadOnlySpan<byte> message)
    {
        string name = "";
        byte[] address = [];
        ReadOnlySpan<byte> rest = message[16..];
        while (rest.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            if (length < 4 || length > rest.Length)
            {
                break;
            }

            ReadOnlySpan<byte> value = rest[4..length];
            switch (BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]))
            {
                case NameAttribute: name = Encoding.ASCII.GetString(value.TrimEnd((byte)0)); break;
                case AddressAttribute: address = value.ToArray(); break;
            }

            rest = rest[Math.Min(Align(length), rest.Length)..];
        }

        return new Link(
            BinaryPrimitives.ReadInt32LittleEndian(message[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(message[2..]),
            BinaryPrimitives.ReadUInt32LittleEndian(message[8..]),
            name,
            address);
    }

    private static int Align(int length) => length > int.MaxValue - 3 ? int.MaxValue : (length + 3) & ~3;
}
