using Mantle.Emulator;
using Mantle.Emulator.Machine;
using Mantle.Testing;

namespace Mantle.Boot.Tests;

/// <summary>Machines with this host's QEMU, swtpm and OVMF.</summary>
internal static class TestMachine
{
    /// <summary>Where the sample service listens.</summary>
    private const int ServicePort = 8443;

    public static MachineOptions Options(string disk) => new()
    {
        Qemu = Oracle.Require("qemu-system-x86_64"),
        SoftwareTpm = Oracle.Require("swtpm"),
        Firmware = RequireFirmware(),
        DiskImage = disk,
        GuestPort = ServicePort,
    };

    /// <summary>
    /// Boots until <paramref name="milestone"/>. If that fails the machine is booted once more, and the output says so: the software emulation of an
    /// old QEMU makes Linux 6.12 oops now and then, which says nothing about the image.
    /// </summary>
    public static VirtualMachine BootUntil(MachineOptions options, Action<VirtualMachine> milestone)
    {
        for (bool isLastTry = false; ; isLastTry = true)
        {
            VirtualMachine machine = new(options);
            try
            {
                machine.WaitForHandover();
                milestone(machine);
                return machine;
            }
            catch (EmulatorException exception) when (!isLastTry)
            {
                machine.Dispose();
                Console.Error.WriteLine($"BOOT REPEATED: {exception.Message}");
            }
            catch
            {
                machine.Dispose();
                throw;
            }
        }
    }

    /// <summary>The Secure Boot build without keys: there the variable SecureBoot exists and says 0, as on an EC2 instance without keys.</summary>
    private static Firmware RequireFirmware()
    {
        Firmware? firmware = Firmware.FindSecureBoot();
        if (firmware is null)
        {
            Oracle.Missing("OVMF (Debian package \"ovmf\")");
        }

        return firmware!;
    }
}
