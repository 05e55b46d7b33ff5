using System.Text;
using System.Text.Json.Nodes;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tree;
using Mantle.Measure.Prediction;
using Mantle.Measure.Tests.Prediction;
using Mantle.Measure.Twin;

namespace Mantle.Measure.Tests.Twin;

public class DebugTwinTests
{
    private const string Sealed = "ID=a\nIMAGE_ID=a\nVARIANT_ID=sealed\n";
    private const string Marked = "ID=a\nIMAGE_ID=a-debug\nVARIANT=debug\nVARIANT_ID=debug\n";

    [Theory]
    [InlineData(Marked)]
    [InlineData("VARIANT_ID=debug")]
    [InlineData("ID=a\r\nVARIANT_ID=\"debug\"\r\n")]
    [InlineData("VARIANT_ID='debug'\n")]
    [InlineData("VARIANT=Debug\n")]
    [InlineData("  VARIANT_ID = debug \n")]
    [InlineData("VARIANT_ID=sealed\nVARIANT_ID=debug\n")]
    [InlineData("VARIANT_ID=debug\nVARIANT_ID=sealed\n")]
    [InlineData("IMAGE_ID=\"a-debug\"\n")]
    [InlineData("VARIANT_ID=debug\0\0\0")]
    public void One_line_of_the_mark_is_enough(string text) => Assert.True(DebugTwin.IsMarked(Bytes(text)));

    [Theory]
    [InlineData(Sealed)]
    [InlineData("")]
    [InlineData("# VARIANT_ID=debug\n")]
    [InlineData("ID=debug\nNAME=debug\nVARIANT_ID=debugger\nIMAGE_ID=debug\n")]
    [InlineData("VARIANT_ID")]
    public void What_only_sounds_like_the_mark_is_none(string text) => Assert.False(DebugTwin.IsMarked(Bytes(text)));

    [Fact]
    public void A_text_larger_than_any_os_release_is_not_looked_at() =>
        Assert.Throws<MalformedInputException>(() => DebugTwin.IsMarked(Bytes(new string('\n', (1 << 20) + 1))));

    [Fact]
    public void A_mark_is_found_in_the_uki_and_in_the_root_each_by_itself()
    {
        Assert.Empty(DebugTwin.FindMarks(TestUki.Make(osRelease: Sealed)));
        Assert.Equal(["UKI, section .osrel"], DebugTwin.FindMarks(TestUki.Make(osRelease: Marked)));
        Assert.Empty(DebugTwin.FindMarks(Disk(Sealed, Sealed)));
        Assert.Equal(["partition 1, EFI/BOOT/BOOTX64.EFI, section .osrel"], DebugTwin.FindMarks(Disk(Marked, Sealed)));
        Assert.Equal(["partition 2, /usr/lib/os-release"], DebugTwin.FindMarks(Disk(Sealed, Marked)));
        Assert.Equal(2, DebugTwin.FindMarks(Disk(Marked, Marked)).Count);
    }

    [Theory]
    [InlineData(Marked, Sealed, false)]
    [InlineData(Sealed, Marked, false)]
    [InlineData(Sealed, Sealed, true)]
    public void Image_or_manifest_is_enough_to_be_refused(string uki, string root, bool manifest)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => DebugTwin.Refuse(Disk(uki, root), "image.raw", Manifest(manifest)));
        Assert.Equal(ExitCode.Malformed, error.Code);
        Assert.StartsWith("\"image.raw\" is a debug twin (", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sealed_image_is_not_refused()
    {
        DebugTwin.Refuse(Disk(Sealed, Sealed), "image.raw", Manifest(false));
        DebugTwin.Refuse(Disk(Sealed, Sealed), "image.raw", Bytes("{}"));
        DebugTwin.Refuse(Predictor.Predict(TestUki.Make(osRelease: Sealed), new()), "uki.efi");
    }

    [Fact]
    public void What_cannot_be_looked_into_is_not_accepted()
    {
        Assert.Throws<MalformedInputException>(() => DebugTwin.Refuse(Bytes("neither disk nor UKI"), "x"));
        Assert.Throws<MalformedInputException>(() => DebugTwin.Refuse(Disk(Sealed, null), "x"));
        Assert.Throws<MalformedInputException>(() => DebugTwin.Refuse(Disk(Sealed, Sealed), "x", Bytes("[]")));
        Assert.Throws<MalformedInputException>(() => DebugTwin.Refuse(Disk(Sealed, Sealed), "x", Bytes("{\"debug\": true, \"debug\": false}")));
    }

    [Theory]
    [InlineData("{\"debug\": true}", true)]
    [InlineData("{\"debug\": \"false\"}", true)]
    [InlineData("{\"debug\": null}", true)]
    [InlineData("{\"debug\": false}", false)]
    [InlineData("{}", false)]
    public void A_manifest_has_to_say_no_plainly(string text, bool isMarked) => Assert.Equal(isMarked, DebugTwin.IsMarkedManifest(Bytes(text)));

    [Fact]
    public void The_measurements_of_a_twin_say_so_and_are_not_printed_for_a_key_policy()
    {
        ImagePrediction twin = Predictor.Predict(TestUki.Make(osRelease: Marked), new());
        using MemoryStream document = new();
        MeasurementsDocument.Write(twin, document);

        Assert.True(JsonNode.Parse(document.ToArray())!["debug"]!.GetValue<bool>());
        Assert.True(MeasurementsDocument.Read(ByteSource.FromMemory(document.ToArray())).IsDebugTwin);
        Assert.Throws<UserErrorException>(() => AwsMeasurements.Format(twin));
        Assert.Throws<UserErrorException>(() => DebugTwin.Refuse(twin, "uki.efi"));

        ImagePrediction other = Predictor.Predict(TestUki.Make(osRelease: Sealed), new());
        using MemoryStream sealedDocument = new();
        MeasurementsDocument.Write(other, sealedDocument);
        Assert.Null(JsonNode.Parse(sealedDocument.ToArray())!["debug"]);
        Assert.False(other.IsDebugTwin);
        Assert.NotEmpty(AwsMeasurements.Format(other));
    }

    internal static ByteSource Bytes(string text) => ByteSource.FromMemory(Encoding.UTF8.GetBytes(text));

    private static ByteSource Manifest(bool debug) => Bytes($"{{\"version\": 1, \"debug\": {(debug ? "true" : "false")}}}");

    /// <param name="uki">os-release of the UKI.</param>
    /// <param name="root">os-release of the root; null: the root is not readable.</param>
    private static ByteSource Disk(string uki, string? root)
    {
        FileTree esp = new();
        esp.Put("EFI/BOOT/BOOTX64.EFI", FileNode.Regular(TestUki.Make(osRelease: uki)));
        FileTree files = new();
        files.Put("usr/lib/os-release", FileNode.Regular(Bytes(root ?? "")));
        files.Put("etc/os-release", FileNode.SymbolicLink("../usr/lib/os-release"));
        ByteSource erofs = ErofsWriter.Layout(files, new() { VolumeId = Guid.Empty, BuildTimeSeconds = 0 });
        return GptWriter.Layout(new()
        {
            DiskId = Id(1),
            Partitions =
            [
                new()
                {
                    TypeId = DiscoverablePartitions.EfiSystem, Id = Id(2), Name = "ESP",
                    Content = FatWriter.Layout(esp, new() { SizeBytes = 40 << 20, VolumeId = 1, TimeSeconds = 1_700_000_000 }),
                },
                new() { TypeId = DiscoverablePartitions.RootX64, Id = Id(3), Name = "root", Content = root is null ? ByteSource.FromMemory(new byte[8192]) : erofs },
            ],
        });
    }

    private static Guid Id(byte number) => new(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
}
