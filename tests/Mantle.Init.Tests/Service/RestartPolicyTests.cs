using Mantle.Init.Configuration;
using Mantle.Init.Service;

namespace Mantle.Init.Tests.Service;

public sealed class RestartPolicyTests
{
    [Fact]
    public void A_long_lived_service_is_restarted_for_ever()
    {
        RestartPolicy policy = new(RestartMode.Always, 1000, MachineEnd.Reboot);
        for (int turn = 0; turn < 100; turn++)
        {
            Assert.Equal((1000, null), policy.Judge(success: turn % 2 == 0, lifetime: RestartPolicy.Quick));
        }
    }

    [Fact]
    public void Quick_ends_are_answered_ever_later_and_then_no_more()
    {
        RestartPolicy policy = new(RestartMode.OnFailure, 1000, MachineEnd.PowerOff);
        List<int?> delays = [];
        MachineEnd? end = null;
        while (end is null)
        {
            (int? delay, end) = policy.Judge(success: false, lifetime: 5);
            delays.Add(delay);
        }

        Assert.Equal([1000, 2000, 4000, 8000, 16000, 32000, 60000, null], delays);
        Assert.Equal(MachineEnd.PowerOff, end);
    }

    [Fact]
    public void A_long_life_in_between_forgives()
    {
        RestartPolicy policy = new(RestartMode.Always, 1000, MachineEnd.Reboot);
        policy.Judge(success: false, lifetime: 5);
        policy.Judge(success: false, lifetime: 5);
        policy.Judge(success: false, lifetime: RestartPolicy.Quick);
        Assert.Equal((1000, null), policy.Judge(success: false, lifetime: 5));
    }

    [Theory]
    [InlineData("OnFailure", true, MachineEnd.PowerOff)]
    [InlineData("Never", true, MachineEnd.PowerOff)]
    [InlineData("Never", false, MachineEnd.Reboot)]
    internal void Without_restart_the_machine_ends(string mode, bool success, MachineEnd end) =>
        Assert.Equal((null, end), new RestartPolicy(Enum.Parse<RestartMode>(mode), 1000, MachineEnd.Reboot).Judge(success, lifetime: 100_000));

    [Fact]
    public void A_delay_of_zero_stays_zero() =>
        Assert.Equal((0, null), new RestartPolicy(RestartMode.Always, 0, MachineEnd.Reboot).Judge(success: true, lifetime: 5));
}
