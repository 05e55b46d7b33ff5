using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>Every boot of the matrix measures what its bytes and variables said, event by event.</summary>
[Collection(BootMatrixGroup.Name)]
public class PredictedBootTests(BootMatrix boots)
{
    /// <summary>All but the firmware's own code and settings, and the kernel's IMA.</summary>
    private static readonly int[] s_registers = [2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15];

    public static TheoryData<string> Names => [.. Scenarios.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_event_and_value_is_predicted_in_every_bank(string name)
    {
        BootRecord boot = await boots.Get(name);
        ImagePrediction prediction = boot.Prediction;

        Assert.Equal(boot.Scenario.Unpredicted, prediction.Unpredicted.Select(pcr => pcr.Index).Intersect(s_registers));
        foreach (int register in s_registers.Except(boot.Scenario.Unpredicted))
        {
            PredictedPcr predicted = prediction.Pcrs.Single(x => x.Index == register);
            EventRecord[] logged = [.. boot.Log.Extending(register)];
            foreach (TpmAlgorithm bank in TpmHash.Computable)
            {
                Assert.Equal(
                    predicted.Events.Select(x => $"{register} {((EventType)x.EventType).SpecificationName()} {x.Digests[bank]}"),
                    logged.Select(x => $"{register} {x.UntrustedType.SpecificationName()} {x.Digest(bank)}"));
                Assert.Equal((register, predicted.Values[bank].ToString()), (register, boot.Pcrs[bank, register].ToString()));
            }

            Assert.All(
                predicted.Events.Zip(logged).Where(pair => pair.First.Logged is not null),
                pair => Assert.Equal(Convert.ToHexStringLower(pair.First.Logged!.Value.Span), Convert.ToHexStringLower(pair.Second.UntrustedData.Span)));
        }
    }

    [Fact]
    public async Task A_certificate_that_has_expired_boots()
    {
        BootRecord boot = await boots.Get(Scenarios.ExpiredFirst);

        Assert.True(boots.Keys.Expired.Certificate.NotAfter < new DateTime(2022, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        UefiVariableData authority = UefiVariableData.Read(Assert.Single(boot.Log.Extending(7), x => x.UntrustedType == EventType.EfiVariableAuthority).UntrustedData);
        Assert.Equal(boots.Keys.Expired.Der, authority.Content[16..].ToArray());
    }

    [Fact]
    public async Task What_lies_beside_the_boot_file_moves_only_what_it_should()
    {
        BootRecord plain = await boots.Get(Scenarios.OwnKey);
        foreach ((string name, int[] moved) in new (string, int[])[] { (Scenarios.SmbiosWords, [9, 12]), (Scenarios.PlantedFiles, [9, 12, 13]), (Scenarios.DiskFirst, [4, 5]), (Scenarios.EntryWordsIgnored, []) })
        {
            BootRecord boot = await boots.Get(name);
            Assert.Equal(moved, s_registers.Where(register => boot.Pcrs[TpmAlgorithm.Sha256, register] != plain.Pcrs[TpmAlgorithm.Sha256, register]));
        }
    }
}
