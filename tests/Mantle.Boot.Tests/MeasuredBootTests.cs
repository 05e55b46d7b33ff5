using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.Boot.Tests;

/// <summary>The firmware and the TPM do what the bytes said they would.</summary>
[Collection(SealedBootGroup.Name)]
public class MeasuredBootTests(SealedBoot boot)
{
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void A_register_is_predicted_event_by_event_in_every_bank(int register)
    {
        PredictedPcr predicted = BuiltImage.Predict().Pcrs.Single(x => x.Index == register);
        EventRecord[] logged = [.. boot.Seen.Log.Extending(register)];

        foreach (TpmAlgorithm bank in TpmHash.Computable)
        {
            Assert.Equal(
                predicted.Events.Select(x => $"{((EventType)x.EventType).SpecificationName()} {x.Digests[bank]}"),
                logged.Select(x => $"{x.UntrustedType.SpecificationName()} {x.Digest(bank)}"));
            Assert.Equal(predicted.Values[bank].ToString(), boot.Seen.WhenServing[bank, register].ToString());
        }
    }

    [Fact]
    public void All_four_banks_were_read_from_outside() => Assert.Equal(TpmHash.Computable, boot.Seen.WhenServing.Banks);

    [Fact]
    public void The_firmwares_log_replays_to_what_the_tpm_holds() =>
        // PCR 10 is the kernel's own (IMA's boot_aggregate), extended after the firmware's log has ended.
        Assert.DoesNotContain(boot.Seen.Log.Replay().DifferencesFrom(boot.Seen.WhenServing), x => x.Register != 10);

    [Fact]
    public void No_record_of_the_log_contradicts_its_digest() =>
        Assert.DoesNotContain(boot.Seen.Log.Events, x => x.CheckDigest() == DigestCheck.Mismatch);

    [Fact]
    public void What_the_guest_says_about_its_tpm_is_what_the_tpm_holds()
    {
        SortedDictionary<string, string> expected = [];
        foreach (TpmAlgorithm bank in boot.Seen.WhenServing.Banks)
        {
            for (int register = 0; register < PcrValues.RegisterCount; register++)
            {
                expected[$"{bank.Name()} {register}"] = boot.Seen.WhenServing[bank, register].ToString();
            }
        }

        using JsonDocument answer = JsonDocument.Parse(boot.Seen.Measurements);
        Assert.Equal(
            expected,
            new SortedDictionary<string, string>(answer.RootElement.GetProperty("banks").EnumerateObject()
                .SelectMany(bank => bank.Value.EnumerateObject().Select(x => ($"{bank.Name} {x.Name}", x.Value.GetString()!)))
                .ToDictionary()));
    }

    [Fact]
    public void The_builds_own_document_says_what_the_tpm_holds()
    {
        ImagePrediction document = MeasurementsDocument.Read(ByteSource.FromMemory(File.ReadAllBytes(BuiltImage.Measurements)));

        Assert.Superset(new HashSet<int> { 4, 7, 11, 12, 13 }, document.Pcrs.Select(x => x.Index).ToHashSet());
        Assert.All(document.Pcrs.Where(pcr => pcr.Basis != PcrBasis.Firmware), pcr => Assert.All(
            pcr.Values,
            value => Assert.Equal(value.Value.ToString(), boot.Seen.WhenServing[(TpmAlgorithm)value.Key, pcr.Index].ToString())));
    }

    [Fact]
    public void The_uki_alone_predicts_the_registers_that_a_policy_binds()
    {
        ImagePrediction prediction = BuiltImage.Predict(BuiltImage.Uki);

        foreach (int register in new[] { 4, 7, 11, 12, 13 })
        {
            Assert.Equal(
                prediction.Pcrs.Single(x => x.Index == register).Values[TpmAlgorithm.Sha384].ToString(),
                boot.Seen.WhenServing[TpmAlgorithm.Sha384, register].ToString());
        }
    }

    [Fact]
    public void The_published_tool_prints_for_aws_what_the_tpm_holds()
    {
        using JsonDocument printed = JsonDocument.Parse(Oracle.Succeed(BuiltImage.MeasureTool, "predict", BuiltImage.Disk, "--format", "aws"));
        JsonElement measurements = printed.RootElement.GetProperty("Measurements");

        Assert.StartsWith("SHA384", measurements.GetProperty("HashAlgorithm").GetString());
        Assert.All([4, 7, 12], register => Assert.Equal(
            boot.Seen.WhenServing[TpmAlgorithm.Sha384, register].ToString(),
            measurements.GetProperty($"PCR{register}").GetString()));
    }

    [Fact]
    public void Nothing_but_zeros_is_in_the_registers_for_overrides()
    {
        Assert.All([12, 13], register => Assert.All(boot.Seen.WhenServing.Banks, bank => Assert.True(boot.Seen.WhenServing[bank, register].IsZero)));
    }
}
