using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tpm;
using Mantle.Formats.Tree;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Measure.Tests.Comparison;
using Mantle.Measure.Verification;

namespace Mantle.Measure.Tests.Verification;

public class ImageVerifierTests
{
    private static readonly byte[] s_disk = new TestImage().Disk().ToArray();
    private static readonly ImagePrediction s_measurements = Predict(s_disk);
    private static readonly GptTable s_table = GptReader.Read(ByteSource.FromMemory(s_disk));

    [Fact]
    public void An_image_that_is_what_its_release_claims_holds()
    {
        CheckReport report = Verify(s_disk, Manifest());
        Assert.Equal("", Failures(report));
        Assert.Equal("verified", CheckText.Describe(report));
        Assert.Equal("3 files of the root, each with the digest that the manifest has", report.Find("root-files")!.Evidence);
        Assert.All(PredictionOptions.ImagePcrs, index => Assert.Equal(CheckOutcome.Pass, report.Find($"pcr-{index}")!.Outcome));
    }

    [Fact]
    public void Without_a_manifest_there_is_no_verdict()
    {
        CheckReport report = Verify(s_disk, null);
        Assert.Equal("UNVERIFIED, no verdict without: manifest", CheckText.Describe(report));
        Assert.Equal(ExitCode.Unverified, report.ExitCode);
    }

    [Fact]
    public void A_release_that_claims_no_PCR_12_and_13_leaves_no_verdict()
    {
        CheckReport report = ImageVerifier.Verify(
            ByteSource.FromMemory(s_disk), Claims(Manifest()) with { Measurements = s_measurements with { Pcrs = [.. s_measurements.Pcrs.Where(pcr => pcr.Index < 12)] } });
        Assert.Equal("UNVERIFIED, no verdict without: pcr-12, pcr-13", CheckText.Describe(report));
    }

    [Theory]
    [InlineData(1, 20, "verity,file.image.raw")] // a byte of the root
    [InlineData(1, 5000, "verity,file.image.raw")]
    [InlineData(2, 4096 + 5, "verity,file.image.raw")] // of the hash tree
    [InlineData(2, 0, "verity,file.image.raw")] // the superblock
    public void A_changed_byte_of_a_partition_is_noticed(int partition, long offset, string failures) =>
        Assert.Equal(failures, Failures(Verify(Changed(s_table.Partitions[partition].Offset + offset), Manifest())));

    [Theory]
    [InlineData(512 + 56)] // the disk's identifier in the first header
    [InlineData(1024 + 20)] // an entry
    [InlineData(-512 + 56)] // the disk's identifier in the last header
    public void A_changed_byte_of_the_partition_table_is_noticed(int offset)
    {
        CheckReport report = Verify(Changed(offset < 0 ? s_disk.Length + offset : offset), Manifest());
        Assert.Equal(Verdict.DoesNotHold, report.Verdict);
        Assert.Equal(CheckOutcome.Fail, report.Find("partition-table")!.Outcome);
    }

    [Fact]
    public void A_changed_byte_of_the_boot_file_is_noticed()
    {
        long offset = s_disk.AsSpan().IndexOf("6.12.1-test"u8);
        CheckReport report = Verify(Changed(offset), Manifest());
        Assert.Contains("pcr-4,", Failures(report), StringComparison.Ordinal);
        Assert.Equal(Verdict.DoesNotHold, report.Verdict);
    }

    [Fact]
    public void Another_image_of_the_same_kind_is_told_apart()
    {
        byte[] other = new TestImage { ChangeRoot = tree => tree.Put("etc/more", FileNode.Regular(TestImage.Text("more"))) }.Disk().ToArray();
        string failures = Failures(Verify(other, Manifest()));
        Assert.Equal("root-hash,root-files,pcr-4,pcr-5,pcr-9,pcr-11,file.image.raw", failures);
    }

    [Theory]
    [InlineData("rootHash", "\"00\"", "root-hash")]
    [InlineData("outputs", "{}", "manifest")]
    [InlineData("outputs", "[{\"name\":\"image.raw\",\"size\":1,\"sha256\":\"00\"}]", "file.image.raw")]
    [InlineData("root", "{\"/etc/hosts\":\"00\"}", "root-files")]
    [InlineData("root", "[]", "manifest")]
    public void A_wrong_claim_of_the_manifest_is_noticed(string member, string json, string failures)
    {
        JsonObject manifest = JsonNode.Parse(Manifest())!.AsObject();
        manifest[member] = JsonNode.Parse(json);
        Assert.Equal(failures, Failures(Verify(s_disk, Encoding.UTF8.GetBytes(manifest.ToJsonString()))));
    }

    [Fact]
    public void A_wrong_claim_of_one_bank_is_noticed()
    {
        PredictedPcr pcr4 = s_measurements.Pcrs.First(pcr => pcr.Index == 4);
        Dictionary<TpmAlgorithm, TpmDigest> values = new(pcr4.Values) { [TpmAlgorithm.Sha1] = TpmDigest.Zero(TpmAlgorithm.Sha1) };
        CheckReport report = ImageVerifier.Verify(
            ByteSource.FromMemory(s_disk), Claims(Manifest()) with { Measurements = s_measurements with { Pcrs = [.. s_measurements.Pcrs.Select(pcr => pcr.Index == 4 ? pcr4 with { Values = values } : pcr)] } });
        Assert.Equal("pcr-4", Failures(report));
        Assert.StartsWith("sha1 ", report.Find("pcr-4")!.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_image_fails_every_claim_and_throws_nothing()
    {
        foreach (byte[] bytes in (byte[][])[[], new byte[100], s_disk[..5000], [.. "MZ"u8, .. new byte[100]]])
        {
            CheckReport report = Verify(bytes, Manifest());
            Assert.Equal(Verdict.DoesNotHold, report.Verdict);
            Assert.Contains("partition-table,boot-file", Failures(report), StringComparison.Ordinal);
        }
    }

    private static byte[] Changed(long offset)
    {
        byte[] disk = (byte[])s_disk.Clone();
        disk[offset] ^= 1;
        return disk;
    }

    private static CheckReport Verify(byte[] disk, byte[]? manifest) => ImageVerifier.Verify(ByteSource.FromMemory(disk), Claims(manifest));

    private static ImageClaims Claims(byte[]? manifest) => new() { Measurements = s_measurements, Manifest = manifest is null ? null : ByteSource.FromMemory(manifest) };

    private static ImagePrediction Predict(byte[] disk) => Predictor.Predict(ByteSource.FromMemory(disk), new() { Banks = TpmHash.Computable });

    private static byte[] Manifest()
    {
        string commandLine = Encoding.Latin1.GetString(s_disk.AsSpan(s_disk.AsSpan().IndexOf("roothash="u8) + 9, 64));
        SortedDictionary<string, string> root = new(StringComparer.Ordinal);
        foreach ((string path, FileNode node) in new TestImage().RootTree().Walk().Where(entry => entry.Node.Kind == FileKind.Regular))
        {
            root["/" + path] = Convert.ToHexStringLower(SHA256.HashData(node.Content.ToArray()));
        }

        return JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["version"] = 1,
            ["rootHash"] = commandLine,
            ["outputs"] = new[] { new { name = "image.raw", size = s_disk.Length, sha256 = Convert.ToHexStringLower(SHA256.HashData(s_disk)) } },
            ["root"] = root,
        });
    }

    private static string Failures(CheckReport report) =>
        string.Join(',', report.Checks.Where(check => check.Outcome == CheckOutcome.Fail).Select(check => check.Id));
}
