using System.Text;
using Mantle.Emulator.Machine;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Boot.Tests;

/// <summary>
/// One life of the image, from firmware to power-off, that all tests of <see cref="MeasuredBootTests"/> and <see cref="SealedBootTests"/> look at:
/// it boots, answers, is pestered at every input it has, answers again, and is switched off.
/// </summary>
public sealed class SealedBoot : IDisposable
{
    /// <summary>How long the pestered machine has to show that it noticed.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly Lazy<Life> _life = new(Live);

    /// <summary>What was seen. The first caller boots the machine.</summary>
    public Life Seen => _life.Value;

    public void Dispose()
    {
    }

    private static Life Live()
    {
        string health = "";
        using VirtualMachine machine = TestMachine.BootUntil(TestMachine.Options(BuiltImage.Disk), x => health = x.WaitForHttps("/healthz"));
        string measurements = machine.WaitForHttps("/v1/measurements");
        PcrValues serving = machine.Pcrs();
        int serialBefore = machine.SerialSinceHandover.Length;
        byte[] screenBefore = machine.Screenshot();

        Pester(machine);
        Thread.Sleep(s_patience);
        string healthAfter = machine.WaitForHttps("/healthz");
        PcrValues pestered = machine.Pcrs();
        int resets = machine.ResetCount;
        bool isOff = machine.IsOff;
        byte[] screenAfter = machine.Screenshot();

        machine.PressPowerButton();
        machine.WaitForPowerOff();
        return new()
        {
            Log = machine.EventLog(),
            Health = health,
            Measurements = measurements,
            WhenServing = serving,
            SerialBytesBeforePestering = serialBefore,
            ScreenBeforePestering = screenBefore,
            HealthAfterPestering = healthAfter,
            WhenPestered = pestered,
            ResetsByPestering = resets,
            IsOffByPestering = isOff,
            ScreenAfterPestering = screenAfter,
            FirmwareSerial = machine.Handovers[0].SerialBytes,
            SerialSinceHandover = machine.SerialSinceHandover,
            WhenOff = machine.Pcrs(),
            ShutdownReason = machine.ShutdownReason,
            Resets = machine.ResetCount,
            PowerCycles = machine.PowerCycles.Count,
        };
    }

    /// <summary>Everything that a person at the console could try.</summary>
    private static void Pester(VirtualMachine machine)
    {
        machine.TypeOnSerial("\n\nroot\nroot\n\u0003\u0004"u8);
        machine.SendSerialBreak();
        machine.TypeOnSerial("b"u8);
        machine.SendSerialBreak();
        machine.TypeOnSerial("c"u8);
        machine.TypeOnSerial(Encoding.ASCII.GetBytes(new string('x', 200) + "\n"));

        foreach (string key in new[] { "ret", "r", "o", "o", "t", "ret", "esc", "f2" })
        {
            machine.PressKeys(key);
        }

        machine.PressKeys("ctrl", "c");
        machine.PressKeys("ctrl", "alt", "f2");
        machine.PressKeys("alt", "sysrq", "h");
        machine.PressKeys("alt", "sysrq", "c");
        machine.PressKeys("alt", "sysrq", "b");
        machine.PressKeys("ctrl", "alt", "delete");
    }

    /// <summary>What was seen from outside, in order.</summary>
    public sealed record Life
    {
        public required EventLog Log { get; init; }

        public required string Health { get; init; }

        public required string Measurements { get; init; }

        public required PcrValues WhenServing { get; init; }

        public required int SerialBytesBeforePestering { get; init; }

        public required byte[] ScreenBeforePestering { get; init; }

        public required string HealthAfterPestering { get; init; }

        public required PcrValues WhenPestered { get; init; }

        public required int ResetsByPestering { get; init; }

        public required bool IsOffByPestering { get; init; }

        public required byte[] ScreenAfterPestering { get; init; }

        public required int FirmwareSerial { get; init; }

        public required byte[] SerialSinceHandover { get; init; }

        public required PcrValues WhenOff { get; init; }

        public required string? ShutdownReason { get; init; }

        public required int Resets { get; init; }

        public required int PowerCycles { get; init; }
    }
}

/// <summary>Shares the one life.</summary>
[CollectionDefinition(Name)]
public sealed class SealedBootGroup : ICollectionFixture<SealedBoot>
{
    public const string Name = "sealed boot";
}
