using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs.Compression;

/// <summary>What the superblock and the records behind it say of compression (struct z_erofs_lz4_cfgs and its like).</summary>
internal sealed class ErofsCompression
{
    private const int RecordAlignment = 4;
    private const int ExtensionSlotLength = 16;
    private const int Algorithms = 4;
    private const int MaximumLzmaDictionary = 8 << 20;
    private const int MaximumDeflateWindowBits = 15;
    private const int MinimumZstdWindowBits = 10;
    private const int MaximumZstdWindowBits = 20;

    private readonly int _available;

    private ErofsCompression(int available, bool isPaddedInFront)
    {
        _available = available;
        IsPaddedInFront = isPaddedInFront;
    }

    /// <summary>
    /// Whether compressed bytes end where their cluster ends, after zeros. Images for Linux before 5.3 have them at its start, and what follows is undefined.
    /// </summary>
    public bool IsPaddedInFront { get; }

    /// <summary>Reads the records. An image without them has LZ4 only.</summary>
    public static ErofsCompression Read(ByteSource image, ErofsSuperblock superblock)
    {
        bool isPadded = superblock.IncompatibleFeatures.HasFlag(ErofsIncompatibleFeatures.ZeroPadding);
        if (!superblock.IncompatibleFeatures.HasFlag(ErofsIncompatibleFeatures.CompressionConfigurations))
        {
            return new ErofsCompression(1 << (int)ErofsAlgorithm.Lz4, isPadded);
        }

        int available = superblock.CompressionAlgorithms;
        if (available >> Algorithms != 0)
        {
            throw new MalformedInputException(ErofsFormat.Name, ErofsFormat.SuperblockOffset, $"compression algorithms 0x{available:x} are not supported");
        }

        long position = ErofsFormat.SuperblockOffset + ErofsFormat.SuperblockLength + (superblock.ExtensionSlots * ExtensionSlotLength);
        for (int algorithm = 0; algorithm < Algorithms; algorithm++)
        {
            if ((available >> algorithm & 1) != 0)
            {
                position = ErofsFormat.RoundUp(position, RecordAlignment);
                int length = BinaryPrimitives.ReadUInt16LittleEndian(image.ReadBytes(position, sizeof(ushort), ErofsFormat.Name));
                byte[] record = image.ReadBytes(position + sizeof(ushort), length, ErofsFormat.Name);
                Verify((ErofsAlgorithm)algorithm, record, position);
                position += sizeof(ushort) + length;
            }
        }

        return new ErofsCompression(available, isPadded);
    }

    /// <summary>Whether the superblock announces the algorithm.</summary>
    public bool Has(int algorithm) => algorithm < Algorithms && (_available >> algorithm & 1) != 0;

    // Windows and dictionaries are checked, though not used: what a decoder allocates is bounded by the length of the extent.
    private static void Verify(ErofsAlgorithm algorithm, ReadOnlySpan<byte> record, long position)
    {
        int minimum = algorithm is ErofsAlgorithm.Lz4 or ErofsAlgorithm.MicroLzma ? 14 : 6;
        if (record.Length < minimum)
        {
            throw Malformed($"record of {algorithm} has {record.Length} bytes, fewer than {minimum}");
        }

        switch (algorithm)
        {
            case ErofsAlgorithm.Lz4 when BinaryPrimitives.ReadUInt16LittleEndian(record[2..]) > ErofsFormat.MaximumClusterLength / 512:
                throw Malformed($"clusters of {BinaryPrimitives.ReadUInt16LittleEndian(record[2..])} blocks are not possible");
            case ErofsAlgorithm.MicroLzma when BinaryPrimitives.ReadUInt16LittleEndian(record[4..]) != 0
                || BinaryPrimitives.ReadUInt32LittleEndian(record) is < 4096 or > MaximumLzmaDictionary:
                throw Malformed("dictionary or format of MicroLZMA is not supported");
            case ErofsAlgorithm.Deflate when record[0] > MaximumDeflateWindowBits:
                throw Malformed($"deflate window of 2^{record[0]} bytes is not possible");
            case ErofsAlgorithm.Zstd when record[0] != 0 || record[1] > MaximumZstdWindowBits - MinimumZstdWindowBits:
                throw Malformed("window or format of zstd is not supported");
            default:
                break;
        }

        MalformedInputException Malformed(string problem) => new(ErofsFormat.Name, position, problem);
    }
}
