using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Verity;

namespace Mantle.Measure.Comparison;

/// <summary>Compares two dm-verity hash areas: the superblock and the root hash.</summary>
internal static class VerityComparer
{
    public static void Compare(DifferenceList list, string place, ByteSource a, ByteSource b, int depth)
    {
        VeritySuperblock ofA = VeritySuperblock.Read(a);
        VeritySuperblock ofB = VeritySuperblock.Read(b);
        string here = Place.Join(place, "verity");
        list.Field(here, "salt", Hex(ofA.Salt), Hex(ofB.Salt), LikelyCause.Salt, DifferenceRank.Identifier);
        list.Field(here, "uuid", $"{ofA.Uuid}", $"{ofB.Uuid}", LikelyCause.Identifier, DifferenceRank.Identifier);
        list.Field(here, "data blocks", $"{ofA.DataBlocks}", $"{ofB.DataBlocks}", LikelyCause.OtherContent, DifferenceRank.Computed);
        list.Field(here, "root hash", RootHash(a, ofA), RootHash(b, ofB), LikelyCause.OtherContent, DifferenceRank.Computed);
    }

    /// <summary>The root hash of the first verity partition of a disk, in hex; null if there is none that can be read.</summary>
    public static string? RootHashOf(GptTable table)
    {
        foreach (GptPartition partition in table.Partitions)
        {
            try
            {
                if (RootHash(partition.Content, VeritySuperblock.Read(partition.Content)) is { } rootHash)
                {
                    return rootHash;
                }
            }
            catch (MalformedInputException)
            {
                // Another kind of partition, or one that is named when it is compared.
            }
        }

        return null;
    }

    /// <summary>The digest of the one block of the highest level, which is the first behind the superblock's. Null: a single data block has no level.</summary>
    private static string? RootHash(ByteSource hashArea, VeritySuperblock superblock)
    {
        if (superblock.DataBlocks == 1 || hashArea.Length < 2 * VeritySuperblock.BlockSize)
        {
            return null;
        }

        byte[] block = hashArea.ReadBytes(VeritySuperblock.BlockSize, VeritySuperblock.BlockSize, "verity");
        return Convert.ToHexStringLower(SHA256.HashData([.. superblock.Salt.Span, .. block]));
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
