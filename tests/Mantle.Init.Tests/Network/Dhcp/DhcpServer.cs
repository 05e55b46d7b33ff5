using System.Buffers.Binary;
using Mantle.Init.Network;
using Mantle.Init.Network.Dhcp;

namespace Mantle.Init.Tests.Network.Dhcp;

/// <summary>The server's side of RFC 2131, written for the tests from the RFC's tables and sharing no code with the client.</summary>
internal static class DhcpServer
{
    internal static readonly byte[] Hardware = [0x52, 0x54, 0, 0x12, 0x34, 0x56];

    internal static byte[] Reply(DhcpMessageType type, uint transactionId, string address, params (byte Code, byte[] Value)[] options)
    {
        byte[] fixedPart = new byte[240];
        fixedPart[0] = 2;
        fixedPart[1] = 1;
        fixedPart[2] = 6;
        BinaryPrimitives.WriteUInt32BigEndian(fixedPart.AsSpan(4), transactionId);
        Bytes(address).CopyTo(fixedPart, 16);
        Hardware.CopyTo(fixedPart, 28);
        new byte[] { 99, 130, 83, 99 }.CopyTo(fixedPart, 236); // RFC 2131, 3: in decimal
        List<byte> message = [.. fixedPart, 53, 1, (byte)type];
        foreach ((byte code, byte[] value) in options)
        {
            message.AddRange([code, (byte)value.Length, .. value]);
        }

        message.Add(255);
        return [.. message];
    }

    internal static (byte Code, byte[] Value)[] Usual(string server = "10.0.2.2", uint lease = 3600) =>
        [(54, Bytes(server)), (1, Bytes("255.255.255.0")), (51, Number(lease)), (3, Bytes("10.0.2.2")), (6, [.. Bytes("10.0.2.3"), .. Bytes("10.0.2.4")])];

    internal static byte[] Bytes(string address) => [.. address.Split('.').Select(byte.Parse)];

    internal static Ipv4Address Address(string address) => new(BinaryPrimitives.ReadUInt32BigEndian(Bytes(address)));

    internal static byte[] Number(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>An option of a client's message; null if absent.</summary>
    internal static byte[]? Option(byte[] message, byte code)
    {
        for (int at = 240; message[at] != 255; at += 2 + message[at + 1])
        {
            if (message[at] == code)
            {
                return message[(at + 2)..(at + 2 + message[at + 1])];
            }
        }

        return null;
    }

    internal static uint TransactionId(byte[] message) => BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(4));
}
