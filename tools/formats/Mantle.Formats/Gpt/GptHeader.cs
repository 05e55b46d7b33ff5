using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Gpt;

/// <summary>The partition table header (UEFI 2.10, 5.3.2, table 5-5). All numbers are unsigned on disk; sectors are bounded when they are used.</summary>
internal readonly record struct GptHeader(
    ulong MyLba,
    ulong AlternateLba,
    ulong FirstUsableLba,
    ulong LastUsableLba,
    Guid DiskId,
    ulong EntriesLba,
    uint EntryCount,
    uint EntrySize,
    uint EntriesCrc)
{
    public const int Length = 92;

    private const uint Revision = 0x00010000;
    private const int CrcOffset = 16;

    private static ReadOnlySpan<byte> Signature => "EFI PART"u8;

    /// <summary>Reads one sector. The result is what is wrong with it, or null.</summary>
    public static string? TryRead(ReadOnlySpan<byte> sector, out GptHeader header)
    {
        header = default;
        SpanReader reader = new(sector, GptFormat.Name);
        if (!reader.ReadBytes(Signature.Length).SequenceEqual(Signature))
        {
            return "has no signature \"EFI PART\"";
        }

        uint revision = reader.ReadUInt32LittleEndian();
        if (revision != Revision)
        {
            return $"has revision 0x{revision:x8} instead of 0x{Revision:x8}";
        }

        uint length = reader.ReadUInt32LittleEndian();
        if (length < Length || length > sector.Length)
        {
            return $"claims to be {length} bytes long";
        }

        uint crc = reader.ReadUInt32LittleEndian();
        uint computed = HeaderCrc(sector[..(int)length]);
        if (crc != computed)
        {
            return $"has CRC32 {crc:x8} but its bytes have {computed:x8}";
        }

        reader.Skip(sizeof(uint)); // reserved, judged with the rest of the sector
        header = new(
            reader.ReadUInt64LittleEndian(),
            reader.ReadUInt64LittleEndian(),
            reader.ReadUInt64LittleEndian(),
            reader.ReadUInt64LittleEndian(),
            reader.ReadGuid(),
            reader.ReadUInt64LittleEndian(),
            reader.ReadUInt32LittleEndian(),
            reader.ReadUInt32LittleEndian(),
            reader.ReadUInt32LittleEndian());
        return null;
    }

    /// <summary>True if what the specification reserves in the header's sector is zero.</summary>
    public static bool ReservedIsZero(ReadOnlySpan<byte> sector) =>
        !sector[Length..].ContainsAnyExcept((byte)0) && !sector.Slice(CrcOffset + sizeof(uint), sizeof(uint)).ContainsAnyExcept((byte)0);

    /// <summary>Fills one sector of zeros, CRC included.</summary>
    public void Write(Span<byte> sector)
    {
        Signature.CopyTo(sector);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[8..], Revision);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[12..], Length);
        BinaryPrimitives.WriteUInt64LittleEndian(sector[24..], MyLba);
        BinaryPrimitives.WriteUInt64LittleEndian(sector[32..], AlternateLba);
        BinaryPrimitives.WriteUInt64LittleEndian(sector[40..], FirstUsableLba);
        BinaryPrimitives.WriteUInt64LittleEndian(sector[48..], LastUsableLba);
        DiskId.TryWriteBytes(sector[56..]);
        BinaryPrimitives.WriteUInt64LittleEndian(sector[72..], EntriesLba);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[80..], EntryCount);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[84..], EntrySize);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[88..], EntriesCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[CrcOffset..], HeaderCrc(sector[..Length]));
    }

    /// <summary>The CRC is computed with its own field as zero.</summary>
    private static uint HeaderCrc(ReadOnlySpan<byte> header)
    {
        Span<byte> copy = stackalloc byte[GptFormat.SectorSize];
        header.CopyTo(copy);
        copy.Slice(CrcOffset, sizeof(uint)).Clear();
        return Crc32.Of(copy[..header.Length]);
    }
}
