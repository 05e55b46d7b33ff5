using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Gpt;
using Mantle.Formats.Verity;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>A volume's image, read strictly: everything that can be said of it without its key.</summary>
public sealed class Volume
{
    private const string Format = "volume";

    private Volume(GptTable table, GptPartition data, SealedBlob? key, long dataBlocks)
    {
        Table = table;
        Data = data;
        Key = key;
        DataBlocks = dataBlocks;
    }

    /// <summary>The partition table.</summary>
    public GptTable Table { get; }

    /// <summary>The data partition.</summary>
    public GptPartition Data { get; }

    /// <summary>The sealed key; null: the volume is not encrypted.</summary>
    public SealedBlob? Key { get; }

    /// <summary>Blocks of 4096 bytes before the hash area.</summary>
    public long DataBlocks { get; }

    /// <summary>Whether it is encrypted.</summary>
    public bool IsEncrypted => Key is not null;

    /// <summary>The root hash that the UUIDs say, in lower-case hexadecimal; null for a plain volume, whose UUIDs say but half of it.</summary>
    public string? NamedRootHash => IsEncrypted ? Hexadecimal(Data.Id) + Hexadecimal(Table.Partitions[0].Id) : null;

    /// <summary>The root hash's first half, which both kinds say.</summary>
    public string NamedRootHashStart => Hexadecimal(Data.Id);

    /// <summary>Reads it.</summary>
    /// <exception cref="MalformedInputException">It is no volume of ours.</exception>
    public static Volume Read(ByteSource disk)
    {
        GptTable table = GptReader.Read(disk);
        (GptPartition? key, GptPartition data) = table.Partitions switch
        {
            [{ TypeId: var one } only] when one == VolumeFormat.DataType => (null, only),
            [{ TypeId: var one } first, { TypeId: var two } second] when one == VolumeFormat.KeyType && two == VolumeFormat.DataType => (first, second),
            _ => throw new MalformedInputException(Format, GptHeaderOffset, "partitions are not those of a volume"),
        };
        if (key is not null && key.Length != SealedBlob.PartitionLength)
        {
            throw new MalformedInputException(Format, key.Offset, $"key partition has {key.Length} bytes, not {SealedBlob.PartitionLength}");
        }

        SealedBlob? blob = key is null ? null : SealedBlob.Read(key.Content.ToArray(), isPadded: true);
        if (blob is { Content: not SealedContent.Key })
        {
            throw new MalformedInputException(Format, key!.Offset, "sealed key is a sealed file");
        }

        Volume volume = new(table, data, blob, DataBlocksOf(data.Length) ?? throw new MalformedInputException(Format, data.Offset, $"no volume has a data partition of {data.Length} bytes"));
        if (volume.NamedRootHash is { } rootHash && table.DiskId != VolumeFormat.DiskId(Convert.FromHexString(rootHash)))
        {
            throw new MalformedInputException(Format, GptHeaderOffset, "disk's UUID does not follow from the partitions'");
        }

        return volume;
    }

    /// <summary>Checks the whole tree and the file system's superblock.</summary>
    /// <param name="key">The volume's key; empty for a plain one.</param>
    /// <param name="rootHash">What it must come to; null: what its UUIDs say.</param>
    /// <param name="workers">Number of threads.</param>
    internal VolumeCheck Check(ReadOnlySpan<byte> key, byte[]? rootHash, int workers)
    {
        ByteSource content = IsEncrypted ? new DecryptedSource(Data.Content, key.ToArray()) : Data.Content;
        long length = DataBlocks * VolumeFormat.BlockLength;
        (ByteSource data, ByteSource hashArea) = (content.Slice(0, length), content.Slice(length, content.Length - length));
        byte[] actual;
        try
        {
            if (VeritySuperblock.Read(hashArea).DataBlocks != DataBlocks)
            {
                return new(null, "the superblock speaks of another number of blocks");
            }

            actual = VerityStreamBuilder.RootHashOf(data, hashArea);
        }
        catch (MalformedInputException problem)
        {
            return new(null, IsEncrypted ? $"wrong key, or {problem.Problem}" : problem.Problem);
        }

        string hexadecimal = Convert.ToHexStringLower(actual);
        if (rootHash is not null && !actual.AsSpan().SequenceEqual(rootHash))
        {
            return new(hexadecimal, "the root hash is another");
        }

        if (!hexadecimal.StartsWith(NamedRootHashStart, StringComparison.Ordinal) || (NamedRootHash is { } named && named != hexadecimal) || Table.DiskId != VolumeFormat.DiskId(actual))
        {
            return new(hexadecimal, "the UUIDs do not follow from the root hash");
        }

        VerityVerification verification = VerityVerifier.Verify(data, hashArea, actual, workers);
        if (verification.Corruptions is [VerityCorruption first, ..])
        {
            return new(hexadecimal, first.Level is { } level ? $"block {first.Block} of level {level} of the tree is corrupted" : $"data block {first.Block} is corrupted");
        }

        try
        {
            _ = ErofsReader.Open(data);
            return new(hexadecimal, null);
        }
        catch (MalformedInputException problem)
        {
            return new(hexadecimal, $"what it holds is no EROFS: {problem.Problem}");
        }
    }

    private const long GptHeaderOffset = 512;

    /// <summary>Data blocks of a partition that data and hash area fill together; null if none do. Each more makes it longer, so there is at most one number.</summary>
    private static long? DataBlocksOf(long length)
    {
        long blocks = length / VolumeFormat.BlockLength;
        long least = 1;
        for (long most = blocks; least < most;)
        {
            long middle = least + ((most - least) / 2);
            (least, most) = LengthOf(middle) < length ? (middle + 1, most) : (least, middle);
        }

        return blocks > 0 && LengthOf(least) == length ? least : null;
    }

    private static long LengthOf(long dataBlocks) => (dataBlocks * VolumeFormat.BlockLength) + VerityStreamBuilder.HashAreaLengthOf(dataBlocks);

    private static string Hexadecimal(Guid id) => id.ToString("N");
}

/// <summary>Whether a volume holds what its root hash says.</summary>
/// <param name="RootHash">What the tree comes to; null if there is no tree.</param>
/// <param name="Problem">What is wrong: lower case, no final period; null if nothing is.</param>
internal sealed record VolumeCheck(string? RootHash, string? Problem);
