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

    /// <summary>PARTUUID of the root partition, digits in the hash's order.</summary>
    internal string DataPartition => PartitionUuid(0);

    /// <summary>PARTUUID of the verity partition.</summary>
    internal string HashPartition => PartitionUuid(32);

    /// <exception cref="InvalidDataException">The text is not 64 lower-case hexadecimal digits.</exception>
    internal static RootHash Parse(string text) =>
        text.Length == 64 && text.All(char.IsAsciiHexDigitLower)
            ? new RootHash(text)
            : throw new InvalidDataException($"root hash: \"{text}\" is not 64 lower-case hexadecimal digits");

    private string PartitionUuid(int at)
    {
        ReadOnlySpan<char> half = Hexadecimal.AsSpan(at, 32);
        return $"{half[..8]}-{half[8..12]}-{half[12..16]}-{half[16..20]}-{half[20..]}";
    }
}
