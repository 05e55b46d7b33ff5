using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tests.Pe;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Prediction;

public class PredictorTests
{
    [Fact]
    public void Constants_of_nitro_tpm_pcr_compute_are_reproduced()
    {
        ImagePrediction prediction = Predict(TestUki.Make());
        IReadOnlyList<PredictedEvent> bootManager = prediction.Pcrs.Single(pcr => pcr.Index == 4).Events;

        Assert.Equal(
            "77a0dab2312b4e1e57a84d865a21e5b2ee8d677a21012ada819d0a98988078d3d740f6346bfe0abaa938ca20439a8d71",
            bootManager[0].Digests[TpmAlgorithm.Sha384].ToString());
        Assert.Equal(
            "394341b7182cd227c5c6b07ef8000cdfd86136c4292b8e576573ad7ed9ae41019f5818b4b971c9effc60e1ad9f1289f0",
            bootManager[1].Digests[TpmAlgorithm.Sha384].ToString());
        Assert.Equal(
            "70bc457e087464760a8927d6312248dc117663410914ff8b1e42fd5dc91e16f5fe3f15ca64372d3e47af8b4c53b01df9",
            Predictor.Replay(4, [.. bootManager.Take(2)], [TpmAlgorithm.Sha384]).Values[TpmAlgorithm.Sha384].ToString());
        Assert.Equal(
            "98441c7f7625d10058c47683aec486ce311c633235eb555593a7ee791121e3578ae72d04ecef661f272d59058b77af35",
            Value(prediction, 7, TpmAlgorithm.Sha384));
        Assert.Equal("65caf8dd1e0ea7a6347b635d2b379c93b9a1351edc2afc3ecda700e534eb3068", Value(prediction, 7, TpmAlgorithm.Sha256));
    }

    [Theory]
    [InlineData(252, true)]
    [InlineData(257, true)]
    [InlineData(258, false)]
    [InlineData(262, false)]
    public void The_inner_kernel_is_measured_by_stubs_before_258(int major, bool measured) =>
        Assert.Equal(measured ? 4 : 3, Predict(TestUki.Make(TestUki.Magic($"{major}.1-1"))).Pcrs.Single(pcr => pcr.Index == 4).Events.Count);

    [Theory]
    [InlineData("251.4")]
    [InlineData("250")]
    [InlineData("263~rc1")]
    public void An_unknown_stub_is_refused_with_what_is_known(string version)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => Predict(TestUki.Make(TestUki.Magic(version))));

        Assert.Equal(
            $"what systemd-stub \"{version}\" measures is not known; known major versions are 252, 253, 254, 255, 256, 257, 258, 259, 260, 261, 262",
            error.Message);
    }

    [Fact]
    public void Talos_signed_pcr_11_is_reproduced_in_three_banks()
    {
        JsonElement vector = JsonDocument.Parse(File.ReadAllBytes(Repository.SharedVector("pcr/talos-pcr11-values.json"))).RootElement;
        BootInputs inputs = CapturedBoot.Load("01-setup-mode").Inputs() with
        {
            Sections = [.. vector.GetProperty("sections").EnumerateArray().Select(s => new UkiSection(s.GetString()!, Text(s.GetString()!)))],
            HardwareChoices = new Dictionary<string, int> { [".dtbauto"] = 0 },
            Phases = [.. vector.GetProperty("phases").EnumerateArray().Select(phase => phase.GetString()!)],
        };
        PcrPlan plan = Assert.Single(Predictor.Plan(inputs, [11]));
        foreach (TpmAlgorithm bank in new[] { TpmAlgorithm.Sha256, TpmAlgorithm.Sha384, TpmAlgorithm.Sha512 })
        {
            TpmDigest value = plan.Events.Aggregate(TpmDigest.Zero(bank), (old, e) => old.Extend(bank.HashData(e.Data.ToArray())));

            Assert.Equal(vector.GetProperty("banks").GetProperty(bank.Name()).GetProperty("pcr11").GetString(), value.ToString());
        }
    }

    [Fact]
    public void Systemd_measure_computes_the_same_pcr_11()
    {
        string tool = Oracle.Require("systemd-measure");
        string version = Regex.Match(Oracle.Succeed(tool, "--version"), @"^systemd (\d+)").Groups[1].Value;
        using TemporaryFolder folder = new();
        ByteSource image = TestUki.Make(TestUki.Magic(version));
        UkiImage uki = UkiReader.Read(image);
        List<string> arguments = ["calculate", "--phase=:", "--bank=sha1", "--bank=sha256", "--bank=sha384", "--bank=sha512"];
        foreach ((string name, string option) in new[] { (".linux", "linux"), (".osrel", "osrel"), (".cmdline", "cmdline"), (".initrd", "initrd"), (".sbat", "sbat") })
        {
            // The option appeared with the measurement of the section: in 254.
            if (name != ".sbat" || int.Parse(version) >= 254)
            {
                File.WriteAllBytes(folder[option], uki.Sections.Single(s => s.Name == name).Content.ToArray());
                arguments.Add($"--{option}={folder[option]}");
            }
        }

        string theirs = Oracle.Succeed(tool, arguments);
        ImagePrediction ours = Predict(image);
        Assert.All(TpmHash.Computable, bank => Assert.Contains($"11:{bank.Name()}={Value(ours, 11, bank)}", theirs, StringComparison.Ordinal));
    }

    [Fact]
    public void The_kernel_is_given_a_tidy_command_line_and_an_archive_of_os_release()
    {
        PredictedPcr pcr = Predict(TestUki.Make()).Pcrs.Single(p => p.Index == 9);
        byte[] initrd = [.. SyntheticPe.Bytes(1001, 6), 0, 0, 0, .. ExtraOsRelease()];

        Assert.Equal(SHA256.HashData(Encoding.Unicode.GetBytes("quiet panic=-1  a=b\0")), pcr.Events[0].Digests[TpmAlgorithm.Sha256].Bytes);
        Assert.Equal(SHA256.HashData(initrd), pcr.Events[1].Digests[TpmAlgorithm.Sha256].Bytes);
        Assert.Equal(".initrd + .osrel", pcr.Events[1].Source.Name);
    }

    [Fact]
    public void Cpio_unpacks_the_archive_that_the_stub_makes()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["extra.cpio"], StubArchive.Make("os-release", Text(TestUki.OsRelease)).ToArray());
        Oracle.Succeed("cpio", "--extract", "--quiet", "--make-directories", "--no-absolute-filenames", "-D", folder.Root, "-F", folder["extra.cpio"]);

        Assert.Equal(TestUki.OsRelease, File.ReadAllText(folder[".extra/os-release"]));
        Assert.StartsWith("-r--r--r--", Oracle.Succeed("ls", "-l", folder[".extra/os-release"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("257", TestUki.CommandLine, "6.1.0-18-amd64", "what kernel \"6.1.0-18-amd64\" measures is not known; 6.12 is")]
    [InlineData("256", TestUki.CommandLine, "6.12.1", "the initrd that systemd-stub 256 hands to the kernel is not known")]
    [InlineData("257", null, "6.12.1", "there is no section \".cmdline\", so the firmware's boot entry decides the command line")]
    [InlineData("257", " \n", "6.12.1", "section \".cmdline\" is blank")]
    [InlineData("257", "a\0", "6.12.1", "section \".cmdline\" has bytes that are NUL or not ASCII")]
    public void What_is_not_certain_about_pcr_9_is_said_and_not_predicted(string stub, string? commandLine, string kernel, string reason)
    {
        ImagePrediction prediction = Predict(TestUki.Make(TestUki.Magic(stub), commandLine, kernel));

        Assert.DoesNotContain(prediction.Pcrs, pcr => pcr.Index == 9);
        Assert.Contains(new UnpredictedPcr(9, reason), prediction.Unpredicted);
        Assert.Equal(commandLine is null, prediction.Unpredicted.Any(pcr => pcr.Index == 12));
    }

    [Fact]
    public void Every_event_names_its_input_and_only_a_disk_has_pcr_5()
    {
        ImagePrediction prediction = Predict(TestUki.Make());

        Assert.Equal([2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15], prediction.Pcrs.Select(pcr => pcr.Index));
        Assert.Equal([0, 1, 5, 10], prediction.Unpredicted.Select(pcr => pcr.Index));
        Assert.Contains(new UnpredictedPcr(5, "it measures the partition table, and the input is not a disk image"), prediction.Unpredicted);
        Assert.Equal(
            ["firmware", "firmware", "file:given.efi", "section:.linux"],
            prediction.Pcrs.Single(pcr => pcr.Index == 4).Events.Select(e => e.Source.Kind switch
            {
                EventSourceKind.FirmwareConstant => "firmware",
                EventSourceKind.File => $"file:{e.Source.Name}",
                _ => $"section:{e.Source.Name}",
            }));
        Assert.Equal("6.12.1-test", prediction.KernelRelease);
    }

    [Fact]
    public void A_pcr_without_rules_is_a_usage_error() =>
        Assert.Equal(
            (ExitCode.Usage, "PCR 16 cannot be predicted"),
            Assert.Throws<UserErrorException>(() => Predictor.Predict(TestUki.Make(), new() { Pcrs = [16] })) is { } e ? (e.Code, e.Message) : default);

    [Fact]
    public void An_input_that_is_neither_disk_nor_pe_is_a_user_error() =>
        Assert.Equal(
            "\"x.bin\" is neither a disk image with a GPT nor a PE image",
            Assert.Throws<UserErrorException>(() => Predictor.Predict(ByteSource.Zeros(4096), new() { InputName = "x.bin" })).Message);

    private static ImagePrediction Predict(ByteSource uki) => Predictor.Predict(uki, new() { Banks = TpmHash.Computable, InputName = "given.efi" });

    private static string Value(ImagePrediction prediction, int index, TpmAlgorithm bank) => prediction.Pcrs.Single(pcr => pcr.Index == index).Values[bank].ToString();

    private static ByteSource Text(string text) => ByteSource.FromMemory(Encoding.ASCII.GetBytes(text));

    /// <summary>Written out by hand from the newc specification and the stub's choices.</summary>
    private static byte[] ExtraOsRelease()
    {
        const string Zero = "00000000";
        string directory = $"070701000000010000416d{Zero}{Zero}00000001{string.Concat(Enumerable.Repeat(Zero, 6))}00000007{Zero}.extra\0\0\0\0";
        string file = $"0707010000000200008124{Zero}{Zero}00000001{Zero}{TestUki.OsRelease.Length:x8}{string.Concat(Enumerable.Repeat(Zero, 4))}00000012{Zero}.extra/os-release\0";
        string trailer = $"070701{Zero}{Zero}{Zero}{Zero}00000001{string.Concat(Enumerable.Repeat(Zero, 6))}0000000B{Zero}TRAILER!!!\0\0\0\0";
        string padded = TestUki.OsRelease.PadRight((TestUki.OsRelease.Length + 3) / 4 * 4, '\0');
        return Encoding.ASCII.GetBytes(directory + file + padded + trailer);
    }
}
