using Mantle.Emulator.Machine;
using Mantle.Formats.Tcg;

namespace Mantle.Boot.Tests;

public class Placeholder
{
    [Fact]
    public void Experiment()
    {
        using VirtualMachine machine = new(new()
        {
            Qemu = "/usr/bin/qemu-system-x86_64", SoftwareTpm = "/usr/bin/swtpm", Firmware = Firmware.FindPlain()!, DiskImage = "/tmp/boot-x/disk.raw", GuestPort = 8443,
        });
        var clock = System.Diagnostics.Stopwatch.StartNew();
        FirmwareHandover h = machine.WaitForHandover();
        Console.WriteLine($"handover {clock.Elapsed} log {h.Log?.Events.Count} ext {h.Extensions.Count} serial {h.SerialBytes}");
        File.WriteAllBytes("/tmp/boot-x/screen1.ppm", machine.Screenshot());
        if (h.Log is not null) { EventLogPrinter.Print(h.Log, Console.Out); }
        Console.WriteLine(machine.WaitForHttp("/healthz"));
        Console.WriteLine($"http {clock.Elapsed}");
        File.WriteAllBytes("/tmp/boot-x/screen2.ppm", machine.Screenshot());
        string inside = machine.WaitForHttp("/pcrs");
        var p = machine.Pcrs();
        int same = 0, other = 0;
        foreach (string line in inside.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] f = line.Split(' ');
            var bank = Mantle.Formats.Tpm.TpmHash.Computable.Single(x => Mantle.Formats.Tpm.TpmHash.Name(x) == f[0]);
            if (Convert.ToHexString(p[bank, int.Parse(f[1])].Bytes) == f[2]) { same++; } else { other++; Console.WriteLine(line); }
        }
        Console.WriteLine($"same {same} other {other} replay diff {string.Join('\n', h.Log!.Replay().DifferencesFrom(p))}");
        Console.WriteLine("since: " + Convert.ToHexString(machine.SerialSinceHandover) + System.Text.Encoding.ASCII.GetString(machine.SerialSinceHandover));
        machine.TypeOnSerial("root\n"u8);
        machine.SendSerialBreak();
        machine.PressKeys("ctrl", "alt", "delete");
        machine.PressKeys("alt", "sysrq", "b");
        Thread.Sleep(3000);
        Console.WriteLine(string.Join(' ', machine.Events) + " " + machine.WaitForHttp("/healthz") + machine.SerialSinceHandover.Length);
        machine.Reset();
        machine.WaitForHandover(2);
        Console.WriteLine($"again {clock.Elapsed} {machine.PowerCycles.Count} {machine.PowerCycles[0].FinalValues!.DifferencesFrom(p).Count} log {machine.Handovers[1].Log?.Events.Count}");
    }
}
