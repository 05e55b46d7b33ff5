using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Init.Network.Dhcp;

/// <summary>
/// A message from a DHCP server (RFC 2131, 2; options RFC 2132; long options RFC 3396). Only its form is checked here: whether
/// its content makes sense is <see cref="DhcpLease"/>'s question.
/// </summary>
internal sealed class DhcpReply
{
    /// <summary>The longest message that is read, in bytes.</summary>
    internal const int MaximumLength = 1500;

    private const int FixedLength = 236;
    private const string Format = "dhcp";
    private readonly Dictionary<byte, byte[]> _options = [];

    private DhcpReply()
    {
    }

    internal required uint TransactionId { get; init; }

    /// <summary><c>yiaddr</c>.</summary>
    internal required Ipv4Address YourAddress { get; init; }

    internal DhcpMessageType Type { get; private set; }

    /// <summary>Option 54; <see cref="Ipv4Address.Any"/> if absent.</summary>
    internal Ipv4Address Server { get; private set; }

    /// <summary>Reads a message that is meant for a hardware address.</summary>
    /// <param name="bytes">The UDP payload.</param>
    /// <param name="hardwareAddress">The client's own, 6 bytes.</param>
    /// <exception cref="MalformedInputException">It is no well-formed reply, or one to somebody else.</exception>
    internal static DhcpReply Read(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> hardwareAddress)
    {
        if (bytes.Length is < FixedLength + 4 or > MaximumLength)
        {
            throw new MalformedInputException(Format, 0, $"message is {bytes.Length} bytes long");
        }

        SpanReader reader = new(bytes, Format);
        Require(reader.ReadByte() == 2, 0, "is not a reply");
        Require(reader.ReadByte() == 1 && reader.ReadByte() == 6, 1, "is not for Ethernet");
        reader.Skip(1);
        uint transactionId = reader.ReadUInt32BigEndian();
        reader.Skip(8);
        Ipv4Address yourAddress = new(reader.ReadUInt32BigEndian());
        reader.Skip(8);
        Require(reader.ReadBytes(6).SequenceEqual(hardwareAddress), 28, "is for another hardware address");
        reader.Skip(10);
        ReadOnlySpan<byte> serverName = reader.ReadBytes(64);
        ReadOnlySpan<byte> file = reader.ReadBytes(128);
        Require(reader.ReadUInt32BigEndian() == 0x63825363, FixedLength, "magic cookie is missing");

        DhcpReply reply = new() { TransactionId = transactionId, YourAddress = yourAddress };
        reply.ReadOptions(reader.ReadBytes(reader.Remaining), FixedLength + 4);

        // RFC 2132, 9.3: the options may go on in the fields of the boot file and of the server's name, in this order.
        byte overload = reply.Option(DhcpOption.Overload, 1, 1) is [byte value] ? value : (byte)0;
        Require(overload <= 3, FixedLength, "option overload is not 1 to 3");
        if ((overload & 1) != 0)
        {
            reply.ReadOptions(file, 108);
        }

        if ((overload & 2) != 0)
        {
            reply.ReadOptions(serverName, 44);
        }

        Require(reply.Option(DhcpOption.MessageType, 1, 1) is [> 0 and <= 8], FixedLength, "message type is missing or unknown");
        reply.Type = (DhcpMessageType)reply._options[DhcpOption.MessageType][0];
        reply.Server = reply.Address(DhcpOption.ServerIdentifier) ?? Ipv4Address.Any;
        return reply;
    }

    /// <summary>An option of a length within bounds; empty if absent.</summary>
    /// <exception cref="MalformedInputException">Its length is out of bounds.</exception>
    internal ReadOnlySpan<byte> Option(byte code, int minimum, int maximum)
    {
        if (!_options.TryGetValue(code, out byte[]? value))
        {
            return default;
        }

        Require(value.Length >= minimum && value.Length <= maximum, FixedLength, $"option {code} is {value.Length} bytes long");
        return value;
    }

    /// <summary>An option of four bytes as a number; null if absent.</summary>
    internal uint? Number(byte code) => Option(code, 4, 4) is { Length: 4 } value ? BinaryPrimitives.ReadUInt32BigEndian(value) : null;

    /// <summary>An option that is one address; null if absent.</summary>
    internal Ipv4Address? Address(byte code) => Number(code) is { } value ? new Ipv4Address(value) : null;

    /// <summary>An option that is a list of addresses; empty if absent.</summary>
    internal Ipv4Address[] Addresses(byte code)
    {
        ReadOnlySpan<byte> value = Option(code, 4, MaximumLength);
        Require(value.Length % 4 == 0, FixedLength, $"option {code} is no list of addresses");
        Ipv4Address[] addresses = new Ipv4Address[value.Length / 4];
        for (int index = 0; index < addresses.Length; index++)
        {
            addresses[index] = new Ipv4Address(BinaryPrimitives.ReadUInt32BigEndian(value[(index * 4)..]));
        }

        return addresses;
    }

    /// <summary>Option 121; null if absent.</summary>
    internal Ipv4Route[]? ClassLessRoutes()
    {
        ReadOnlySpan<byte> value = Option(DhcpOption.ClassLessRoutes, 5, MaximumLength);
        if (value.IsEmpty)
        {
            return null;
        }

        List<Ipv4Route> routes = [];
        SpanReader reader = new(value, Format);
        while (reader.Remaining > 0)
        {
            int prefixLength = reader.ReadByte();
            Require(prefixLength <= 32, FixedLength, $"route has a prefix of {prefixLength} bits");

            // RFC 3442: only the significant bytes of the destination are sent.
            uint destination = 0;
            for (int index = 0; index < (prefixLength + 7) / 8; index++)
            {
                destination |= (uint)reader.ReadByte() << (24 - (index * 8));
            }

            Ipv4Address network = new Ipv4Address(destination).Network(prefixLength);
            routes.Add(new Ipv4Route(network, prefixLength, new Ipv4Address(reader.ReadUInt32BigEndian())));
        }

        return [.. routes];
    }

    private void ReadOptions(ReadOnlySpan<byte> bytes, long origin)
    {
        SpanReader reader = new(bytes, Format, origin);
        while (reader.Remaining > 0)
        {
            byte code = reader.ReadByte();
            if (code == DhcpOption.End)
            {
                return;
            }

            if (code != DhcpOption.Pad)
            {
                byte[] value = reader.ReadBytes(reader.ReadByte()).ToArray();
                _options[code] = _options.TryGetValue(code, out byte[]? before) ? [.. before, .. value] : value;
            }
        }
    }

    private static void Require(bool holds, long offset, string problem)
    {
        if (!holds)
        {
            throw new MalformedInputException(Format, offset, problem);
        }
    }
}
