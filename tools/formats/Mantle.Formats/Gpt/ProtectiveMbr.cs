using System.Buffers.Binary;

namespace Mantle.Formats.Gpt;

/// <summary>
/// The protective master boot record in sector 0 (UEFI 2.10, 5.2.3): one partition of type 0xEE over the whole disk, so that
/// programs that do not know GPT see a full disk.
/// </summary>
internal static class ProtectiveMbr
{
    private const int BootCodeLength = 440;
    private const int RecordOffset = 446;
    private const int RecordLength = 16;
    private const int SignatureOffset = 510;
    private const ushort Signature = 0xAA55;
    private const byte ProtectiveType = 0xEE;

    public static void Write(Span<byte> sector, long sectorCount)
    {
        Span<byte> record = sector[RecordOffset..];
        record[2] = 2; // cylinder 0, head 0, sector 2: where sector 1 is, which counts from 0
        record[4] = ProtectiveType;
        record.Slice(5, 3).Fill(0xFF); // the last sector has no cylinder, head and sector numbers that all readers agree on
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], SizeInSectors(sectorCount));
        BinaryPrimitives.WriteUInt16LittleEndian(sector[SignatureOffset..], Signature);
    }

    /// <summary>What is wrong with the record, or null.</summary>
    public static string? Problem(ReadOnlySpan<byte> sector, long sectorCount)
    {
        ReadOnlySpan<byte> record = sector.Slice(RecordOffset, RecordLength);
        uint start = BinaryPrimitives.ReadUInt32LittleEndian(record[8..]);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
        return BinaryPrimitives.ReadUInt16LittleEndian(sector[SignatureOffset..]) != Signature ? "the protective MBR has no signature 0x55 0xaa"
            : record[4] != ProtectiveType ? $"the first MBR partition has type 0x{record[4]:x2} instead of 0xee"
            : record[0] != 0 ? "the protective MBR partition is marked as bootable"
            : sector[(RecordOffset + RecordLength)..SignatureOffset].ContainsAnyExcept((byte)0) ? "the MBR has more partitions than the protective one"
            : start != 1 || size != SizeInSectors(sectorCount) ? $"the protective MBR partition has {size} sectors from {start} on, and the disk {sectorCount}"
            : null;
    }

    public static bool HasBootCode(ReadOnlySpan<byte> sector) => sector[..BootCodeLength].ContainsAnyExcept((byte)0);

    private static uint SizeInSectors(long sectorCount) => (uint)Math.Min(sectorCount - 1, uint.MaxValue);
}
