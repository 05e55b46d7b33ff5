using Mantle.Emulator.Machine;
using Mantle.Formats.Tpm;

namespace Mantle.Boot.Tests;

public class DamagedImageTests
{
    [Fact]
    public void A_flipped_bit_in_the_root_resets_the_machine_before_it_serves()
    {
        using DamagedImage damaged = DamagedImage.InProgram(BuiltImage.Disk, "usr/bin/service");
        using VirtualMachine machine = TestMachine.BootUntil(
            TestMachine.Options(damaged.Path) with { StopAtReset = true },
            x => x.WaitForPowerOff(() => Assert.Null(x.TryHttps("/healthz", TimeSpan.FromSeconds(2)))));

        Assert.Equal("guest-reset", machine.ShutdownReason);
        Assert.Empty(machine.SerialSinceHandover);

        // The UKI was whole, and so the machine got as far as measuring what it always does.
        AssertPredicted(machine.Pcrs(), [4, 7, 11]);
    }

    [Fact]
    public void A_flipped_bit_in_the_uki_changes_pcr_4()
    {
        using DamagedImage damaged = DamagedImage.InUki(BuiltImage.Disk, BuiltImage.Uki);
        using VirtualMachine machine = TestMachine.BootUntil(TestMachine.Options(damaged.Path), _ => { });
        PcrValues values = machine.Pcrs();

        Assert.All(Registers([4, 9, 11]), x => Assert.NotEqual(x.Predicted, values[x.Bank, x.Register].ToString()));
        AssertPredicted(values, [7, 12, 13]);
        Assert.Equal(
            BuiltImage.Predict(damaged.Path).Pcrs.Single(x => x.Index == 4).Values[TpmAlgorithm.Sha384].ToString(),
            values[TpmAlgorithm.Sha384, 4].ToString());
    }

    internal static void AssertPredicted(PcrValues values, int[] registers) =>
        Assert.All(Registers(registers), x => Assert.Equal((x.Bank, x.Register, x.Predicted), (x.Bank, x.Register, values[x.Bank, x.Register].ToString())));

    private static IEnumerable<(TpmAlgorithm Bank, int Register, string Predicted)> Registers(int[] registers) =>
        from pcr in BuiltImage.Predict().Pcrs
        where registers.Contains(pcr.Index)
        from value in pcr.Values
        select ((TpmAlgorithm)value.Key, pcr.Index, value.Value.ToString());
}
