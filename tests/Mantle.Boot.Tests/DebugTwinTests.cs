using System.Text;
using Mantle.Emulator.Machine;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Boot.Tests;

/// <summary>
/// The debug twin in the same machine: its serial port, silent in the sealed image (<see cref="SealedBootTests"/>), has a root shell, and the sealed
/// process 1 serves beside it.
/// </summary>
public class DebugTwinTests
{
    private const string Prompt = "debug # ";

    [Fact]
    public void The_twin_serves_measures_what_was_predicted_and_gives_a_root_shell_on_the_serial_port()
    {
        using VirtualMachine machine = TestMachine.BootUntil(TestMachine.Options(BuiltImage.Twin), x => x.WaitForHttps("/healthz"));
        machine.WaitForSerial(Prompt);

        // What is waited for is computed by the shell, so that the echo of what was typed is not taken for the answer.
        machine.TypeOnSerial("id -u; cat /proc/cmdline; grep VARIANT_ID /etc/os-release; cat /proc/1/comm; echo shown $((40 + 2))\n"u8);
        string[] answer = machine.WaitForSerial("shown 42").Split("\r\n");
        Assert.Contains("0", answer);
        Assert.Contains("VARIANT_ID=debug", answer);
        Assert.Contains(answer, line => line.StartsWith("console=ttyS0,115200 ", StringComparison.Ordinal));

        // The service is killed and comes back, as in the sealed image: the sealed process 1 is at work. The shell outlives it.
        machine.TypeOnSerial("kill -9 $(pidof service); echo killed $((40 + 2))\n"u8);
        machine.WaitForSerial("killed 42");
        Assert.Equal("""{"status":"ok"}""", machine.WaitForHttps("/healthz"));
        machine.TypeOnSerial("echo still $((41 + 1))\n"u8);
        machine.WaitForSerial("still 42");

        ImagePrediction predicted = BuiltImage.Predict(BuiltImage.Twin);
        PcrValues values = machine.Pcrs();
        Assert.True(predicted.IsDebugTwin);
        Assert.All(predicted.Pcrs, pcr => Assert.All(pcr.Values, value => Assert.Equal(value.Value.ToString(), values[value.Key, pcr.Index].ToString())));

        machine.PressPowerButton();
        machine.WaitForPowerOff();
        Assert.Equal("guest-shutdown", machine.ShutdownReason);
        Assert.Contains("the appliance has switched itself off", Encoding.UTF8.GetString(machine.SerialSinceHandover), StringComparison.Ordinal);
    }
}
