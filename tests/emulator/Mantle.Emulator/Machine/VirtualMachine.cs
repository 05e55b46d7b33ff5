using System.Text.Json.Nodes;
using Mantle.Emulator.Tpm;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Machine;

/// <summary>
/// A machine in QEMU under software emulation, watched from outside: its TPM, its memory, its serial port, its screen and its network, and nothing inside it.
/// </summary>
public sealed partial class VirtualMachine : IDisposable
{
    /// <summary>A boot takes ten seconds on an idle machine and seventy on a busy one.</summary>
    public static readonly TimeSpan BootTimeout = TimeSpan.FromSeconds(150);

    private readonly ScratchFolder _folder = new();
    private readonly ScratchFolder _memoryFolder;
    private readonly TpmProxy _tpm;
    private readonly SerialPort _serial;
    private readonly MachineMonitor _monitor;
    private readonly ChildProcess _qemu;
    private readonly GuestMemory _memory;
    private readonly Dictionary<int, int> _ports;
    private readonly Lock _lock = new();
    private readonly List<string> _events = [];
    private readonly List<FirmwareHandover> _handovers = [];

    /// <summary>Starts the machine.</summary>
    public VirtualMachine(MachineOptions options)
    {
        _memoryFolder = new(Directory.Exists(options.MemoryFolder) ? options.MemoryFolder : null);
        _tpm = new(options.SoftwareTpm, options.Interceptor, OnExtended);
        _serial = new(_folder["serial"]);
        _monitor = new(_folder["qmp"], OnEvent);
        File.Copy(options.Firmware.VariablesPath, _folder["variables.fd"]);

        // QEMU starts to use the file at its full length, and we look at it before QEMU has started.
        string memory = _memoryFolder["memory"];
        using (FileStream file = File.Create(memory))
        {
            file.SetLength((long)options.MemoryMebibytes << 20);
        }

        _memory = new(memory);
        _qemu = new(options.Qemu, options.ToArguments(_tpm.SocketPath, _folder["qmp"], _folder["serial"], memory, _folder["variables.fd"]));
        try
        {
            WaitUntil(() => _monitor.Connected.IsCompletedSuccessfully, TimeSpan.FromSeconds(60), "qemu does not start");
            _ports = ReadForwardedPorts();
            ForwardedPort = PortOf(options.GuestPort);

            // QEMU and we have it open: without a name it is gone when both are, even if we are killed.
            File.Delete(memory);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The loopback port that leads to the guest's <see cref="MachineOptions.GuestPort"/>.</summary>
    public int ForwardedPort { get; }

    /// <summary>The loopback port that leads to a port of the guest's.</summary>
    public int PortOf(int guestPort) => _ports[guestPort];

    /// <summary>QEMU's events so far, for example <c>RESET</c>, <c>SHUTDOWN</c>, <c>STOP</c>.</summary>
    public IReadOnlyList<string> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>How often the machine was reset.</summary>
    public int ResetCount => Events.Count(x => x == "RESET");

    /// <summary>Whether the machine switched itself off, or was reset where that counts as such.</summary>
    public bool IsOff => Events.Contains("SHUTDOWN");

    /// <summary>Why the machine is off, in QEMU's words: <c>guest-shutdown</c>, <c>guest-reset</c>, <c>guest-panic</c>…; null while it runs.</summary>
    public string? ShutdownReason { get; private set; }

    /// <summary>The TPM's power cycles.</summary>
    public IReadOnlyList<TpmPowerCycle> PowerCycles => _tpm.Cycles;

    /// <summary>The moments when a kernel took over; more than one if the machine booted again.</summary>
    public IReadOnlyList<FirmwareHandover> Handovers
    {
        get
        {
            lock (_lock)
            {
                return [.. _handovers];
            }
        }
    }

    /// <summary>All that came out of the serial port.</summary>
    public byte[] Serial => _serial.Since(0);

    /// <summary>What came out of the serial port since the kernel took over for the first time.</summary>
    public byte[] SerialSinceHandover => _serial.Since(FirstHandover.SerialBytes);

    private FirmwareHandover FirstHandover => Handovers is [FirmwareHandover first, ..] ? first : throw new EmulatorException("the firmware has not handed over yet");

    /// <summary>The registers of all banks, read from the TPM by us; after a power-off those that it had then.</summary>
    public PcrValues Pcrs() => _tpm.ReadPcrs();

    /// <summary>The firmware's event log of the first boot, as found in the guest's memory.</summary>
    public EventLog EventLog() => FirstHandover.Log ?? throw new EmulatorException("no complete event log was found in the guest's memory");

    /// <summary>Types on the serial port.</summary>
    public void TypeOnSerial(ReadOnlySpan<byte> bytes) => _serial.Send(bytes);

    /// <summary>Sends a break on the serial port; to a Linux console with sysrq that is the magic key.</summary>
    public void SendSerialBreak() => _monitor.Execute("chardev-send-break", new() { ["id"] = "serial" });

    /// <summary>Presses keys of the machine's keyboard together, by QEMU's names: <c>ctrl</c>, <c>alt</c>, <c>delete</c>, <c>sysrq</c>, <c>a</c>…</summary>
    public void PressKeys(params IEnumerable<string> keys) =>
        _monitor.Execute("send-key", new()
        {
            ["keys"] = new JsonArray([.. keys.Select(key => new JsonObject { ["type"] = "qcode", ["data"] = key })]),
        });

    /// <summary>Presses the power button (ACPI).</summary>
    public void PressPowerButton() => _monitor.Execute("system_powerdown");

    /// <summary>Resets the machine, as the button on its front would.</summary>
    public void Reset() => _monitor.Execute("system_reset");

    /// <summary>Halts the processor; registers and memory stay.</summary>
    public void Pause() => _monitor.Execute("stop");

    /// <summary>Lets a halted processor go on.</summary>
    public void Resume() => _monitor.Execute("cont");

    /// <summary>What the screen shows, as a binary portable pixmap.</summary>
    public byte[] Screenshot()
    {
        string path = _folder["screen.ppm"];
        _monitor.Execute("screendump", new() { ["filename"] = path });
        return File.ReadAllBytes(path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _monitor.Dispose();
        _qemu?.Dispose();
        _tpm.Dispose();
        _serial.Dispose();
        _memory.Dispose();
        _memoryFolder.Dispose();
        _folder.Dispose();
    }

    private Dictionary<int, int> ReadForwardedPorts()
    {
        // TCP[HOST_FORWARD]  13       127.0.0.1 37563       10.0.2.15   443
        string text = _monitor.Execute("human-monitor-command", new() { ["command-line"] = "info usernet" })!.GetValue<string>();
        return text.Split('\n').Where(x => x.Contains("HOST_FORWARD", StringComparison.Ordinal)).Select(x => x.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => int.Parse(words[5]), words => int.Parse(words[3]));
    }

    private void OnEvent(string name, JsonObject message)
    {
        lock (_lock)
        {
            _events.Add(name);
            if (name == "SHUTDOWN")
            {
                ShutdownReason ??= message["data"]?["reason"]?.GetValue<string>();
            }
        }
    }
}
