using System.Buffers.Binary;

namespace Mantle.Formats.Tpm;

/// <summary>The ten bytes that start a command and a response: tag, size of the whole, code; all big-endian.</summary>
internal static class TpmHeader
{
    public static void Write(Span<byte> message, ushort tag, uint code)
    {
        BinaryPrimitives.WriteUInt16BigEndian(message, tag);
        BinaryPrimitives.WriteUInt32BigEndian(message[2..], (uint)message.Length);
        BinaryPrimitives.WriteUInt32BigEndian(message[6..], code);
    }
}
