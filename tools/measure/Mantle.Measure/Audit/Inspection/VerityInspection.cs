using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Ext4;
using Mantle.Formats.Squashfs;
using Mantle.Formats.Verity;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>Finds the hash tree and the data that each root hash on a command line means, and checks every block.</summary>
internal static class VerityInspection
{
    private static readonly string[] s_words = ["roothash=", "usrhash="];

    public static IReadOnlyList<VerityBinding> Check(IReadOnlyList<InspectedVolume> volumes, IReadOnlyList<BootEntry> entries, int workers)
    {
        List<VerityBinding> bindings = [];
        Dictionary<string, (string? Data, string? Problem)> checkedHashes = new(StringComparer.Ordinal);
        foreach (BootEntry entry in entries)
        {
            foreach (string word in entry.Words.Where(word => s_words.Any(name => word.StartsWith(name, StringComparison.Ordinal))))
            {
                string hash = word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..].ToLowerInvariant();
                if (!checkedHashes.TryGetValue(hash, out (string? Data, string? Problem) result))
                {
                    result = Check(volumes, hash, workers);
                    checkedHashes.Add(hash, result);
                }

                bindings.Add(new(entry.Place, word, hash, result.Data, result.Problem));
            }
        }

        return bindings;
    }

    private static (string? Data, string? Problem) Check(IReadOnlyList<InspectedVolume> volumes, string hash, int workers)
    {
        if (hash.Length != 2 * VeritySuperblock.DigestLength || !hash.All(char.IsAsciiHexDigitLower))
        {
            return (null, "the word is no SHA-256 digest");
        }

        byte[] rootHash = Convert.FromHexString(hash);
        string? problem = null;
        foreach (InspectedVolume tree in volumes.Where(volume => volume.Role == VolumeRole.Verity))
        {
            try
            {
                VeritySuperblock superblock = VeritySuperblock.Read(tree.Content);
                if (!IsTreeOf(tree.Content, superblock, rootHash))
                {
                    continue;
                }

                foreach (InspectedVolume data in volumes.Where(volume => volume.Role is not VolumeRole.Verity && IsLongEnough(volume, superblock)))
                {
                    // One damaged block makes another volume of it, so the first of a fitting role is the one that is meant.
                    if (data.Role is VolumeRole.Root or VolumeRole.Data or VolumeRole.Unknown)
                    {
                        VerityVerification verification = VerityVerifier.Verify(data.Content, tree.Content, rootHash, workers);
                        if (verification.IsIntact)
                        {
                            return Covers(data, superblock)
                                ? (data.Place, null)
                                : (data.Place, "the hash tree ends before the file system does");
                        }

                        problem ??= $"{data.Place} does not hash to it: {verification.Corruptions[0]}";
                    }
                }
            }
            catch (MalformedInputException e)
            {
                problem ??= $"{tree.Place}: {e.Message}";
            }
        }

        return (null, problem ?? "no hash tree in the image leads to it");
    }

    /// <summary>Whether the one block of the highest level has this digest; a single data block needs no level.</summary>
    private static bool IsTreeOf(ByteSource hashArea, VeritySuperblock superblock, byte[] rootHash)
    {
        if (superblock.DataBlocks == 1)
        {
            return true;
        }

        byte[] block = hashArea.ReadBytes(VeritySuperblock.BlockSize, VeritySuperblock.BlockSize, "verity");
        return SHA256.HashData([.. superblock.Salt.Span, .. block]).AsSpan().SequenceEqual(rootHash);
    }

    private static bool IsLongEnough(InspectedVolume volume, VeritySuperblock superblock) =>
        superblock.DataBlocks <= volume.Content.Length / VeritySuperblock.BlockSize;

    /// <summary>A file system may not go on behind what the tree covers; the rest of a partition may.</summary>
    private static bool Covers(InspectedVolume data, VeritySuperblock superblock)
    {
        long end = data.Format switch
        {
            "erofs" => ErofsReader.Open(data.Content).Superblock is { } fs ? (long)fs.BlockCount * fs.BlockSize : 0,
            "squashfs" => SquashfsSuperblock.Read(data.Content).Length,
            "ext4" => Ext4Superblock.Read(data.Content) is { } fs ? fs.BlockCount << fs.BlockSizeBits : 0,
            _ => 0,
        };
        return end <= superblock.DataBlocks * VeritySuperblock.BlockSize;
    }
}
