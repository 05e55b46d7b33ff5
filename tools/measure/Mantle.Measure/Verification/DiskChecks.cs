using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tree;
using Mantle.Formats.Verity;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Verification;

/// <summary>The disk by itself: table, boot file, the root hash in its command line, the verity tree below it, and the files of the root.</summary>
internal static class DiskChecks
{
    private const string RootHashWord = "roothash=";

    public static void Check(CheckReport report, ByteSource image, ManifestClaims? manifest)
    {
        GptTable? table = null;
        ImageVerifier.Guard(report, "partition-table", () =>
        {
            table = GptReader.Read(image);
            report.Check("partition-table", true, $"both copies agree, {table.Partitions.Count} partitions, nothing overlaps");
        });
        byte[]? rootHash = null;
        if (ImageVerifier.Guard(report, "boot-file", () => rootHash = CheckBootFile(report, image)) && rootHash is null)
        {
            report.Check("root-hash", false, "the command line of the boot file has not exactly one roothash= of 64 hexadecimal digits");
        }

        if (table is null || rootHash is null)
        {
            report.Missing("verity", "without partition table and root hash there is nothing to verify");
            return;
        }

        string hex = Convert.ToHexStringLower(rootHash);
        if (manifest?.RootHash is { } claimed)
        {
            report.Check("root-hash", hex == claimed, hex == claimed ? $"{hex} in the command line, as the manifest has it" : $"{hex} in the command line, the manifest has {claimed}");
        }
        else
        {
            report.Check("root-hash", true, $"{hex} in the command line");
        }

        GptPartition? data = Find(table, DiscoverablePartitions.DataPartitionId(rootHash));
        GptPartition? hashes = Find(table, DiscoverablePartitions.VerityPartitionId(rootHash));
        if (!report.Check("partition-ids", data is not null && hashes is not null, data is null || hashes is null ? "no two partitions are named after the root hash" : $"partitions {data.Number} and {hashes.Number} are named after the root hash"))
        {
            report.Missing("verity", "data and hash tree are not found");
            return;
        }

        bool isIntact = false;
        ImageVerifier.Guard(report, "verity", () =>
        {
            VerityVerification verification = VerityVerifier.Verify(data!.Content, hashes!.Content, rootHash, Math.Min(Environment.ProcessorCount, 8));
            long covered = verification.Superblock.DataBlocks * VeritySuperblock.BlockSize;
            string? problem =
                !verification.IsIntact ? string.Join(", ", verification.Corruptions.Select(corruption => corruption.ToString()))
                : covered != data.Length ? $"the tree covers {covered} bytes of a partition of {data.Length}"
                : null;
            isIntact = report.Check("verity", problem, $"{verification.Superblock.DataBlocks} blocks hang together up to the root hash");
        });
        CheckFiles(report, data!, manifest, isIntact);
    }

    private static byte[]? CheckBootFile(CheckReport report, ByteSource image)
    {
        BootFile boot = BootFileLocator.Locate(image, "the image");
        UkiImage uki = UkiReader.Read(boot.Content);
        report.Check("boot-file", boot.GptEvent is not null, boot.GptEvent is null ? "the input is a boot file by itself, no disk" : $"{boot.Path}, one unified kernel image with nothing beside it that the stub would load");
        return uki.TryGetSection(UkiSectionName.CommandLine, out ByteSource? section) && section.Length <= 64 << 10 ? RootHash(Encoding.Latin1.GetString(section.ToArray())) : null;
    }

    private static byte[]? RootHash(string commandLine)
    {
        string[] words = [.. commandLine.Split([' ', '\t', '\n', '\0'], StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith(RootHashWord, StringComparison.Ordinal))];
        return words is [string only] && only.Length == RootHashWord.Length + (2 * VeritySuperblock.DigestLength) && only[RootHashWord.Length..].All(char.IsAsciiHexDigitLower)
            ? Convert.FromHexString(only[RootHashWord.Length..])
            : null;
    }

    private static void CheckFiles(CheckReport report, GptPartition data, ManifestClaims? manifest, bool isIntact)
    {
        if (manifest is null || manifest.RootFiles.Count == 0)
        {
            report.Skipped("root-files", "no manifest states them");
            return;
        }

        if (!isIntact)
        {
            report.Skipped("root-files", "the file system is not what the root hash says");
            return;
        }

        ImageVerifier.Guard(report, "root-files", () =>
        {
            SortedDictionary<string, string> actual = new(StringComparer.Ordinal);
            foreach ((string path, FileNode node) in ErofsReader.Open(data.Content).ReadTree().Walk().Where(entry => entry.Node.Kind == FileKind.Regular))
            {
                using Stream content = node.Content.OpenStream();
                actual["/" + path] = Convert.ToHexStringLower(SHA256.HashData(content));
            }

            string? wrong = actual.Keys.Union(manifest.RootFiles.Keys).Order(StringComparer.Ordinal)
                .FirstOrDefault(path => actual.GetValueOrDefault(path) != manifest.RootFiles.GetValueOrDefault(path));
            report.Check(
                "root-files",
                wrong is null ? null : (actual.GetValueOrDefault(wrong), manifest.RootFiles.GetValueOrDefault(wrong)) switch
                {
                    (null, _) => $"\"{wrong}\" is in the manifest and not in the image",
                    (_, null) => $"\"{wrong}\" is in the image and not in the manifest",
                    (string found, string claimed) => $"\"{wrong}\" has SHA-256 {found}, the manifest has {claimed}",
                },
                $"{actual.Count} files of the root, each with the digest that the manifest has");
        });
    }

    private static GptPartition? Find(GptTable table, Guid id) => table.Partitions.FirstOrDefault(partition => partition.Id == id);
}
