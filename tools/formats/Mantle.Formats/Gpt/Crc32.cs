namespace Mantle.Formats.Gpt;

/// <summary>CRC-32 as UEFI 2.10, 4.2 means it: the one of IEEE 802.3, reflected, polynomial 0x04C11DB7.</summary>
public static class Crc32
{
    private const uint ReflectedPolynomial = 0xEDB88320;

    private static readonly uint[] s_table = MakeTable();

    /// <summary>The checksum of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The checksum of what <paramref name="crc"/> is the checksum of, followed by the bytes.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        foreach (byte value in bytes)
        {
            crc = (crc >> 8) ^ s_table[(crc & 0xFF) ^ value];
        }

        return ~crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * ReflectedPolynomial);
            }

            table[i] = crc;
        }

        return table;
    }
}
