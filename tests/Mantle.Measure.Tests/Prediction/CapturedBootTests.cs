using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
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
    [InlineData("01-setup-mode")]
    [InlineData("03-secure-boot")]
    [InlineData("04-rich-uki")]
    [InlineData("05-sidecars")]
    [InlineData("07-profile0")]
    [InlineData("09-ca-anchor")]
    [InlineData("12-ca-and-leaf")]
    [InlineData("13-odd-size-unsigned")]
    [InlineData("14-odd-size-signed")]
    [InlineData("16-loadoptions-nosb")]
    [InlineData("20-two-disks", 1)]
    [InlineData("24-stub-262")]
    public void Events_and_values_are_what_the_firmware_and_the_tpm_recorded(string name, int failedAttempts = 0)
    {
        CapturedBoot boot = CapturedBoot.Load(name);
        BootInputs inputs = boot.Inputs() with { FailedAttempts = failedAttempts };
        int[] pcrs = inputs.Stub.InitrdProblem is null ? [2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15] : [2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15];
        IReadOnlyList<PredictedPcr> predicted = boot.Predict(inputs, pcrs);

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

            foreach ((EventRecord record, PredictedEvent e) in recorded.Zip(pcr.Events).Where(pair => pair.Second.Logged is not null))
            {
                Assert.Equal(Convert.ToHexStringLower(record.UntrustedData.Span), Convert.ToHexStringLower(e.Logged!.Value.Span));
            }
        }
    }

    [Theory]
    [InlineData("09-ca-anchor", 1)]
    [InlineData("12-ca-and-leaf", 2)]
    public void The_entry_that_vouched_is_the_first_of_db(string name, int lists)
    {
        BootInputs inputs = CapturedBoot.Load(name).Inputs();
        IReadOnlyList<SignatureList> allowed = SignatureDatabase.Read(inputs.Variables!.Allowed);

        Assert.Equal(lists, allowed.Count);
        Assert.Equal(allowed[0].Entries[0].ToArray(), Assert.Single(inputs.Authorities).Entry.ToArray());
    }

    [Fact]
    public void Google_measures_boot_file_and_partition_table_into_pcr_2()
    {
        EventLog log = EventLog.Read((ReadOnlyMemory<byte>)File.ReadAllBytes(Repository.SharedVector("eventlog/dstack_gcp_tpm_eventlog.bin")));
        EventRecord[] second = [.. log.Extending(2)];
        BootInputs inputs = CapturedBoot.Load("01-setup-mode").Inputs() with
        {
            Firmware = FirmwareProfile.Gcp,
            GptEvent = ByteSource.FromMemory(second[1].UntrustedData),
            ImageHashInput = Logged(second[2]),
            KernelHashInput = Logged(second[3]),
        };

        foreach (int index in new[] { 2, 3, 4, 5, 6 })
        {
            EventRecord[] recorded = [.. log.Extending(index)];
            IReadOnlyList<PlannedEvent> planned = Assert.Single(Predictor.Plan(inputs, index)).Events;
            Assert.Equal(recorded.Select(entry => entry.UntrustedType), planned.Select(e => e.EventType));
            Assert.Equal(
                recorded.Select(entry => entry.Digest(TpmAlgorithm.Sha256)),
                planned.Select(e => e.Data is KnownDigests known ? known.Digests[TpmAlgorithm.Sha256] : TpmAlgorithm.Sha256.HashData(e.Data.ToArray())));
        }

        // The project that captured the log states this digest of its boot file.
        Assert.Equal("9ab14a46f858662a89adc102d2a57a13f52f75c1769d65a4c34edbbfc8855f0f", second[2].Digest(TpmAlgorithm.Sha256).ToString());
    }

    private static KnownDigests Logged(EventRecord record) => new(1, record.Digests.ToDictionary(digest => digest.Algorithm));

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
        Assert.NotEqual(signed.TpmValue(TpmAlgorithm.Sha256, 4), signed.Predict(signed.Inputs() with { SecureBoot = SecureBootState.Off }, 4)[0].Values[TpmAlgorithm.Sha256]);
    }
}
