using Mantle.Emulator.Machine;

namespace Mantle.Boot.Tests;

public class OtherHardwareTests
{
    [Fact]
    public void On_virtio_block_and_a_fifo_tpm_it_serves_and_measures_the_same()
    {
        using VirtualMachine machine = TestMachine.BootUntil(
            TestMachine.Options(BuiltImage.Disk) with { Disk = DiskController.VirtioBlock, Tpm = TpmInterface.Tis },
            x => x.WaitForHttps("/healthz"));

        DamagedImageTests.AssertPredicted(machine.Pcrs(), [4, 5, 7, 9, 11, 12, 13]);
        Assert.Empty(machine.SerialSinceHandover);
    }
}
