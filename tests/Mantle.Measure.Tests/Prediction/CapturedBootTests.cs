using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Prediction;

/// <summary>Real boots: the firmware's log says every event, the TPM says every value.</summary>
public class CapturedBootTests
{
    [Theory]
    [InlineData("01-setup-mode", 4, 5, 7, 9, 11, 12, 13)]
    [InlineData("04-rich-uki", 4, 5, 7, 9, 11, 12, 13)]
    [InlineData("13-odd-size-unsigned", 4, 5, 7, 9, 11, 12, 13)]
    [InlineData("24-stub-262", 4, 5, 7, 11, 12, 13)]
    [InlineData("16-loadoptions-nosb", 4, 5, 7, 11, 13)] // a command line from the firmware changes 9 and 12
    [InlineData("05-sidecars", 5, 7, 11)] // files beside the UKI change 4, 9, 12 and 13
    [InlineData("20-two-disks", 7, 11, 12, 13)] // a failed boot attempt changes 4
    [InlineData("03-secure-boot", 5, 11, 12, 13)] // keys change 4 and 7
    [InlineData("09-ca-anchor", 5, 11, 12, 13)]
    [InlineData("12-ca-and-leaf", 5, 11, 12, 13)]
    [InlineData("14-odd-size-signed", 5, 11, 12, 13)]
    public void Events_and_values_are_what_the_firmware_and_the_tpm_recorded(string name, params int[] pcrs)
    {
        CapturedBoot boot = CapturedBoot.Load(name);
        IReadOnlyList<PredictedPcr> predicted = boot.Predict(pcrs);

        Assert.Equal(pcrs, predicted.Select(pcr => pcr.Index));
        foreach (PredictedPcr pcr in predicted)
        {
            EventRecord[] recorded = [.. boot.Log.Extending(pcr.Index)];
            Assert.Equal(recorded.Select(entry => entry.UntrustedType), pcr.Events.Select(e => e.EventType));
            foreach (TpmAlgorithm bank in TpmHash.Computable)
            {
                Assert.Equal(recorded.Select(entry => entry.Digest(bank)), pcr.Events.Select(e => e.Digests[bank]));
                Assert.Equal(boot.TpmValue(bank, pcr.Index), pcr.Values[bank]);
            }
        }
    }

    [Fact]
    public void The_initrd_that_the_stub_assembles_is_what_the_kernel_measured()
    {
        JsonElement capture = JsonDocument.Parse(
            File.ReadAllBytes(Repository.PathOf("tests", "vectors", "own-qemu", "30-stub-archives", "case.json"))).RootElement;
        BootInputs inputs = CapturedBoot.Load("01-setup-mode").Inputs() with
        {
            KernelRelease = capture.GetProperty("kernel").GetString(),
            Sections = [.. capture.GetProperty("sections").EnumerateObject().Select(s => new UkiSection(s.Name, ByteSource.FromMemory(s.Value.GetBytesFromBase64())))],
        };
        IReadOnlyList<PlannedEvent> events = Assert.Single(Predictor.Plan(inputs, [9])).Events;
        JsonElement[] recorded = [.. capture.GetProperty("pcr9_events").EnumerateArray()];

        Assert.Equal(recorded.Select(e => e.GetProperty("number").GetUInt32()), events.Select(e => (uint)e.EventType));
        foreach (TpmAlgorithm bank in TpmHash.Computable)
        {
            Assert.Equal(
                recorded.Select(e => e.GetProperty("digests").GetProperty(bank.Name()).GetString()),
                events.Select(e => Convert.ToHexStringLower(ContentDigest.Compute(e.Data, bank.AlgorithmName()))));
        }
    }

    [Fact]
    public void What_the_captured_changes_are_about_is_not_predicted_by_accident()
    {
        Assert.NotEqual(CapturedBoot.Load("05-sidecars").TpmValue(TpmAlgorithm.Sha256, 12), TpmDigest.Zero(TpmAlgorithm.Sha256));
        CapturedBoot signed = CapturedBoot.Load("03-secure-boot");
        Assert.NotEqual(signed.TpmValue(TpmAlgorithm.Sha256, 4), signed.Predict(4)[0].Values[TpmAlgorithm.Sha256]);
    }
}
