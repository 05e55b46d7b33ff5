using System.Buffers.Binary;
using System.Globalization;
using Mantle.Init.Configuration;
using Mantle.Init.Phases;

namespace Mantle.Init.Kernel;

/// <summary>
/// The ACPI power button (modules <c>button</c> and <c>evdev</c>): how a hypervisor asks for an orderly end. A keyboard may
/// have a power key too, and may call itself anything: only a device on the host bus that ACPI itself made counts.
/// </summary>
internal sealed class PowerButton : EventSource
{
    private const int EventLength = 24; // sizeof(struct input_event), x86-64
    private const ushort KeyEvent = 1;
    private const ushort PowerKey = 116;
    private readonly EventLoop _loop;
    private readonly byte[] _buffer = new byte[16 * EventLength];

    private PowerButton(EventLoop loop, int descriptor)
    {
        _loop = loop;
        Descriptor = descriptor;
    }

    /// <inheritdoc/>
    internal override int Descriptor { get; }

    /// <summary>The machine's power buttons; none is no error.</summary>
    internal static List<PowerButton> OpenAll(EventLoop loop)
    {
        const string Folder = "/sys/class/input";
        List<PowerButton> buttons = [];
        foreach ((string name, bool _) in KernelFile.List(Folder))
        {
            if (name.StartsWith("event", StringComparison.Ordinal))
            {
                string device = $"{Folder}/{name}/device";
                if (IsPowerButton(
                    KernelFile.ReadLine($"{device}/id/bustype"),
                    KernelFile.ReadLine($"{device}/phys"),
                    KernelFile.ReadLine($"{device}/capabilities/key")))
                {
                    buttons.Add(new PowerButton(loop, KernelFile.Open($"/dev/input/{name}", OpenFlags.ReadOnly | OpenFlags.NonBlocking)));
                }
            }
        }

        return buttons;
    }

    /// <summary>Judges an input device by what its driver says of it in sysfs.</summary>
    /// <param name="bus">0019 is BUS_HOST; a USB keyboard says 0003, one on the PS/2 port 0011.</param>
    /// <param name="physicalPath">drivers/acpi/button.c: the ACPI id, then <c>/button/input0</c>.</param>
    /// <param name="keys">Bitmap of the keys that it has, in words of 64 bits, the most significant word first.</param>
    internal static bool IsPowerButton(string bus, string physicalPath, string keys)
    {
        string[] words = keys.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return bus == "0019"
            && physicalPath is "LNXPWRBN/button/input0" or "PNP0C0C/button/input0"
            && words.Length == 2
            && ulong.TryParse(words[0], NumberStyles.AllowHexSpecifier, null, out ulong word)
            && (word & (1UL << (PowerKey - 64))) != 0;
    }

    /// <inheritdoc/>
    internal override void OnReadable(long now)
    {
        int length = KernelFile.Read(Descriptor, _buffer, "power button");
        for (int at = 0; at + EventLength <= length; at += EventLength)
        {
            // struct input_event: time 16, type 2, code 2, value 4; value 1 is "pressed".
            ReadOnlySpan<byte> input = _buffer.AsSpan(at, EventLength);
            if (BinaryPrimitives.ReadUInt16LittleEndian(input[16..]) == KeyEvent
                && BinaryPrimitives.ReadUInt16LittleEndian(input[18..]) == PowerKey
                && BinaryPrimitives.ReadInt32LittleEndian(input[20..]) == 1)
            {
                _loop.End ??= MachineEnd.PowerOff;
            }
        }
    }
}
