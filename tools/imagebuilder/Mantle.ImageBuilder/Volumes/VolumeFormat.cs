using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Gpt;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>What every volume has in common (docs/unsealing.md, "Volumes").</summary>
public static class VolumeFormat
{
    /// <summary>Partition type of sealed keys.</summary>
    public static Guid KeyType { get; } = new("8f4f0d5c-2c52-4c8e-9a6b-1d5b7c6e2a90");

    /// <summary>Partition type of data.</summary>
    public static Guid DataType { get; } = new("3e0c9a4b-7d16-4f3a-b5c2-60a8e1f7d345");

    /// <summary>Name of the partition with the sealed key.</summary>
    public const string KeyName = "mantle-key";

    /// <summary>Name of the partition with data and tree.</summary>
    public const string DataName = "mantle-data";

    /// <summary>Bytes of a data block, of a hash block and of an encrypted sector.</summary>
    public const int BlockLength = 4096;

    /// <summary>UUID of the disk that a root hash belongs to.</summary>
    public static Guid DiskId(ReadOnlySpan<byte> rootHash) => Identifier("disk", rootHash);

    /// <summary>UUID of the data partition: the first half of the root hash.</summary>
    public static Guid DataId(ReadOnlySpan<byte> rootHash) => DiscoverablePartitions.DataPartitionId(rootHash);

    /// <summary>UUID of the key partition: the second half.</summary>
    public static Guid KeyId(ReadOnlySpan<byte> rootHash) => DiscoverablePartitions.VerityPartitionId(rootHash);

    /// <summary>A value that follows from what a volume is called and how long it is: salt and UUIDs, known before its first byte is read.</summary>
    internal static byte[] Derive(string purpose, string name, string version, long length) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"mantle volume\0{purpose}\0{name}\0{version}\0{length}"));

    /// <summary>The same as a UUID of version 8 (RFC 9562, 5.8).</summary>
    internal static Guid Identifier(ReadOnlySpan<byte> bytes)
    {
        byte[] id = bytes[..16].ToArray();
        id[6] = (byte)((id[6] & 0x0F) | 0x80);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id, bigEndian: true);
    }

    private static Guid Identifier(string purpose, ReadOnlySpan<byte> rootHash) =>
        Identifier(SHA256.HashData([.. Encoding.ASCII.GetBytes($"mantle volume\0{purpose}\0"), .. rootHash]));
}
