using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Mantle.Formats.Bytes;

/// <summary>CRC-32C (Castagnoli) as Linux' file systems have it: continued from any value, and never inverted.</summary>
internal static class Crc32C
{
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte b in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return crc;
    }

    public static uint Append(uint crc, uint number) => BitOperations.Crc32C(crc, number);
}
