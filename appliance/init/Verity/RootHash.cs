namespace Mantle.Init.Verity;

/// <summary>
/// The SHA-256 root hash of the dm-verity tree, from <c>roothash=</c> on the command line. The Discoverable Partitions
/// Specification derives the partitions' UUIDs from it: its first 16 bytes name the root partition, its last 16 the verity one.
/// </summary>
internal sealed class RootHash
{
    private RootHash(string hexadecimal) => Hexadecimal = hexadecimal;

    /// <summary>64 lower-case hexadecimal digits.</summary>
    internal string Hexadecimal { get; }

    /// <summary>PARTUUID of the root partition: as text, its digits are the hash's first 32.</summary>
    internal Guid DataPartition => PartitionUuid(0);

    /// <summary>PARTUUID of the verity partition: the hash's last 32 digits.</summary>
    internal Guid HashPartition => PartitionUuid(32);

    /// <exception cref="InvalidDataException">The text is not 64 lower-case hexadecimal digits.</exception>
    internal static RootHash Parse(string text) =>
        text.Length == 64 && text.All(char.IsAsciiHexDigitLower)
            ? new RootHash(text)
            : throw new InvalidDataException($"root hash: \"{text}\" is not 64 lower-case hexadecimal digits");

    private Guid PartitionUuid(int at) => Guid.ParseExact(Hexadecimal.AsSpan(at, 32), "N");
}
