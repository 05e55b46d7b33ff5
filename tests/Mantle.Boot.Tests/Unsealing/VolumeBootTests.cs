using Mantle.Emulator.Machine;

namespace Mantle.Boot.Tests.Unsealing;

/// <summary>A plain volume on a second disk: mounted when it is the pinned one; otherwise no service, a stage code, and off after the last attempt.</summary>
public sealed class VolumeBootTests(VolumeImage image) : IClassFixture<VolumeImage>
{
    [Fact]
    public void The_service_starts_over_the_pinned_volume_and_the_status_says_so()
    {
        using VirtualMachine machine = TestMachine.BootUntil(Options(image.Volume), x => x.WaitForHttps("/healthz"));
        Assert.Equal("00\n", machine.TryHear(VolumeImage.StatusPort, TimeSpan.FromSeconds(10)));
        Assert.Empty(machine.SerialSinceHandover);
    }

    [Theory]
    [InlineData("missing", "31")]
    [InlineData("truncated", "33")]
    [InlineData("swapped", "82")]
    public void Without_it_there_is_a_stage_code_and_no_service(string which, string code)
    {
        MachineOptions options = which switch
        {
            "missing" => Options(),
            "truncated" => Options(image.Truncated),
            _ => Options(image.Swapped),
        };
        HashSet<string> heard = [];
        using VirtualMachine machine = TestMachine.BootUntil(options, x => x.WaitForPowerOff(() =>
        {
            if (x.TryHear(VolumeImage.StatusPort, TimeSpan.FromMilliseconds(500)) is { } said)
            {
                heard.Add(said);
            }

            Assert.Null(x.TryHttps("/healthz", TimeSpan.FromMilliseconds(200)));
        }));
        Assert.Contains($"{code}\n", heard);
        Assert.DoesNotContain("00\n", heard);
        Assert.Equal("guest-shutdown", machine.ShutdownReason);
        Assert.Empty(machine.SerialSinceHandover);
    }

    private MachineOptions Options(params string[] volumes) =>
        TestMachine.Options(image.Disk) with { DataDisks = volumes, MorePorts = [VolumeImage.StatusPort] };
}
