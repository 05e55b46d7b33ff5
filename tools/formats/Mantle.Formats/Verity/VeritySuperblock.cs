using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Verity;

/// <summary>
/// The superblock in front of a dm-verity hash tree: format version 1 as cryptsetup writes it (lib/verity/verity.c, struct verity_sb),
/// restricted to what is written here: hash type 1, SHA-256, data and hash blocks of 4096 bytes.
/// </summary>
public sealed class VeritySuperblock
{
    /// <summary>Size on disk in bytes. It has the first hash block to itself.</summary>
    public const int Length = PaddingAfterSaltOffset + 168;

    /// <summary>Size of a data block and of a hash block in bytes.</summary>
    public const int BlockSize = 4096;

    /// <summary>Size of a digest in bytes.</summary>
    public const int DigestLength = 32;

    /// <summary>Longest salt in bytes.</summary>
    public const int MaximumSaltLength = 256;

    internal const string Format = "verity";

    private const int VersionOffset = 8;
    private const int HashTypeOffset = VersionOffset + 4;
    private const int UuidOffset = HashTypeOffset + 4;
    private const int AlgorithmOffset = UuidOffset + 16;
    private const int DataBlockSizeOffset = AlgorithmOffset + 32;
    private const int HashBlockSizeOffset = DataBlockSizeOffset + 4;
    private const int DataBlocksOffset = HashBlockSizeOffset + 4;
    private const int SaltLengthOffset = DataBlocksOffset + 8;
    private const int PaddingAfterSaltLengthOffset = SaltLengthOffset + 2;
    private const int SaltOffset = PaddingAfterSaltLengthOffset + 6;
    private const int PaddingAfterSaltOffset = SaltOffset + MaximumSaltLength;
    private const uint Version = 1;
    private const uint HashType = 1;

    /// <summary>A superblock for a device.</summary>
    /// <param name="uuid">Identifier of the hash device.</param>
    /// <param name="dataBlocks">Number of data blocks, at least 1.</param>
    /// <param name="salt">What precedes every hashed block, at most 256 bytes; may be empty.</param>
    public VeritySuperblock(Guid uuid, long dataBlocks, ReadOnlyMemory<byte> salt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dataBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataBlocks, long.MaxValue / BlockSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(salt.Length, MaximumSaltLength, nameof(salt));
        Uuid = uuid;
        DataBlocks = dataBlocks;
        Salt = salt.ToArray();
    }

    /// <summary>Identifier of the hash device.</summary>
    public Guid Uuid { get; }

    /// <summary>Number of data blocks that the tree covers.</summary>
    public long DataBlocks { get; }

    /// <summary>What precedes every hashed block.</summary>
    public ReadOnlyMemory<byte> Salt { get; }

    private static ReadOnlySpan<byte> Signature => "verity\0\0"u8;

    private static ReadOnlySpan<byte> Algorithm => "sha256"u8;

    /// <summary>Reads the superblock at the start of a hash area.</summary>
    /// <exception cref="MalformedInputException">It is none, or not of the kind that this class describes.</exception>
    public static VeritySuperblock Read(ByteSource hashArea)
    {
        ReadOnlySpan<byte> bytes = hashArea.ReadBytes(0, Length, Format);
        if (!bytes.StartsWith(Signature))
        {
            throw new MalformedInputException(Format, 0, "signature is not \"verity\"");
        }

        Require(bytes, VersionOffset, "superblock version", Version);
        Require(bytes, HashTypeOffset, "hash type", HashType);
        RequireText(bytes[AlgorithmOffset..DataBlockSizeOffset], Algorithm);
        Require(bytes, DataBlockSizeOffset, "data block size", BlockSize);
        Require(bytes, HashBlockSizeOffset, "hash block size", BlockSize);
        ulong dataBlocks = BinaryPrimitives.ReadUInt64LittleEndian(bytes[DataBlocksOffset..]);
        if (dataBlocks is 0 or > long.MaxValue / BlockSize)
        {
            throw new MalformedInputException(Format, DataBlocksOffset, $"data block count {dataBlocks} is out of range");
        }

        int saltLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes[SaltLengthOffset..]);
        if (saltLength > MaximumSaltLength)
        {
            throw new MalformedInputException(Format, SaltLengthOffset, $"salt of {saltLength} bytes is longer than {MaximumSaltLength}");
        }

        RequireZeros(bytes, PaddingAfterSaltLengthOffset, SaltOffset);
        RequireZeros(bytes, SaltOffset + saltLength, Length);
        return new VeritySuperblock(
            new Guid(bytes[UuidOffset..AlgorithmOffset], bigEndian: true),
            (long)dataBlocks,
            bytes.Slice(SaltOffset, saltLength).ToArray());
    }

    /// <summary>Writes the superblock. The first <see cref="Length"/> bytes of the destination are overwritten.</summary>
    public void WriteTo(Span<byte> destination)
    {
        destination = destination[..Length];
        destination.Clear();
        Signature.CopyTo(destination);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[VersionOffset..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[HashTypeOffset..], HashType);
        Uuid.TryWriteBytes(destination[UuidOffset..], bigEndian: true, out _);
        Algorithm.CopyTo(destination[AlgorithmOffset..]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[DataBlockSizeOffset..], BlockSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[HashBlockSizeOffset..], BlockSize);
        BinaryPrimitives.WriteInt64LittleEndian(destination[DataBlocksOffset..], DataBlocks);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[SaltLengthOffset..], (ushort)Salt.Length);
        Salt.Span.CopyTo(destination[SaltOffset..]);
    }

    private static void Require(ReadOnlySpan<byte> bytes, int offset, string field, uint expected)
    {
        uint actual = BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
        if (actual != expected)
        {
            throw new MalformedInputException(Format, offset, $"{field} is {actual}, only {expected} is supported");
        }
    }

    private static void RequireText(ReadOnlySpan<byte> field, ReadOnlySpan<byte> expected)
    {
        if (!field.StartsWith(expected) || field[expected.Length..].ContainsAnyExcept((byte)0))
        {
            throw new MalformedInputException(
                Format, AlgorithmOffset, $"hash algorithm is \"{LinuxText.Decode(field.TrimEnd((byte)0))}\", only \"sha256\" is supported");
        }
    }

    private static void RequireZeros(ReadOnlySpan<byte> bytes, int start, int end)
    {
        int index = bytes[start..end].IndexOfAnyExcept((byte)0);
        if (index >= 0)
        {
            throw new MalformedInputException(Format, start + index, "padding is not zero");
        }
    }
}
