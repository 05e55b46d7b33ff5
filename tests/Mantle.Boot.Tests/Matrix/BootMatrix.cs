using System.Diagnostics;
using System.Text;
using Mantle.Emulator.Machine;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.Explain;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>What was seen of one boot from outside, up to the moment when the kernel took over.</summary>
/// <param name="Scenario">What booted.</param>
/// <param name="Disk">Its disk.</param>
/// <param name="Log">The firmware's log out of the guest's memory; it says exactly what the TPM was told.</param>
/// <param name="Pcrs">The TPM's registers.</param>
/// <param name="Serial">What the firmware said.</param>
internal sealed record BootRecord(Scenario Scenario, string Disk, EventLog Log, PcrValues Pcrs, string Serial)
{
    private readonly Lazy<ImagePrediction> _prediction = new(() => Scenario.Predict(Disk));
    private readonly Lazy<ExpectedBoot> _release = new(() => ExpectedBoot.FromImage("release", ByteSource.OpenFile(Disk), (Scenario with { TriedFirst = [] }).Predict(Disk)));

    /// <summary>What the bytes and the machine's variables say that the TPM will hold.</summary>
    public ImagePrediction Prediction => _prediction.Value;

    /// <summary>The same without disks that are tried first, as something to be expected.</summary>
    public ExpectedBoot Release => _release.Value;
}

/// <summary>
/// Boots every scenario once, two at a time: an emulated machine keeps one core busy. The one that a test waits for comes before the others. A machine is
/// switched off as soon as it has handed over to the kernel: no register that is looked at changes later.
/// </summary>
public sealed class BootMatrix : IDisposable
{
    private const int Machines = 2;

    private readonly TemporaryFolder _folder = new();
    private readonly Lock _lock = new();
    private readonly List<string> _waiting = [.. Scenarios.All.Keys];
    private readonly Dictionary<string, TaskCompletionSource<BootRecord>> _records;
    private readonly Lazy<(MatrixKeys Keys, MatrixFiles Files)> _inputs = new(() => (new(), new()));
    private Thread[] _threads = [];

    public BootMatrix() => _records = _waiting.ToDictionary(name => name, _ => new TaskCompletionSource<BootRecord>(TaskCreationOptions.RunContinuationsAsynchronously));

    internal MatrixKeys Keys => _inputs.Value.Keys;

    /// <summary>The record of a scenario. The first caller starts the machines.</summary>
    internal Task<BootRecord> Get(string name)
    {
        // Here, where a missing tool or image skips the test that asks.
        TestMachine.Options(BuiltImage.Uki);
        Oracle.Require("sbsign");
        lock (_lock)
        {
            if (_waiting.Remove(name))
            {
                _waiting.Insert(0, name);
            }

            if (_threads.Length == 0)
            {
                _threads = [.. Enumerable.Range(0, Machines).Select(_ => new Thread(BootAll) { IsBackground = true, Name = "boot matrix" })];
                Array.ForEach(_threads, thread => thread.Start());
            }
        }

        return _records[name].Task;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _waiting.Clear();
        }

        Array.ForEach(_threads, thread => thread.Join());
        if (_inputs.IsValueCreated)
        {
            Keys.Dispose();
        }

        _folder.Dispose();
    }

    private void BootAll()
    {
        while (TryTake(out string name))
        {
            try
            {
                long start = Stopwatch.GetTimestamp();
                _records[name].SetResult(Boot(name));
                Console.Error.WriteLine($"booted \"{name}\" in {Stopwatch.GetElapsedTime(start).TotalSeconds:f1} s");
            }
            catch (Exception exception)
            {
                _records[name].SetException(exception);
            }
        }
    }

    private bool TryTake(out string name)
    {
        lock (_lock)
        {
            name = _waiting.FirstOrDefault() ?? "";
            return _waiting.Remove(name);
        }
    }

    private BootRecord Boot(string name)
    {
        Scenario scenario = Scenarios.All[name](Keys, _inputs.Value.Files);
        string prefix = _folder[name.Replace(' ', '-').Replace(",", "", StringComparison.Ordinal)];
        string disk = $"{prefix}.raw";
        MatrixFiles.WriteDisk(disk, scenario.BootFile, scenario.Files);
        if (scenario.IsGrown)
        {
            using (FileStream file = File.OpenWrite(disk))
            {
                file.SetLength(1 << 30);
            }

            Oracle.Succeed("sgdisk", "--move-second-header", disk);
        }

        List<string> first = [];
        foreach (byte[]? bootFile in scenario.TriedFirst)
        {
            first.Add($"{prefix}.{first.Count}.raw");
            MatrixFiles.WriteDisk(first[^1], bootFile, new Dictionary<string, byte[]> { ["nothing.txt"] = [(byte)first.Count] });
        }

        MachineOptions options = TestMachine.Options(disk);
        File.WriteAllBytes($"{prefix}.fd", scenario.Flash(File.ReadAllBytes(options.Firmware.VariablesPath)));
        options = options with
        {
            Firmware = options.Firmware with { VariablesPath = $"{prefix}.fd" },
            Disk = scenario.Disk,
            FirstDisks = first,
            Tpm = scenario.Tpm,
            OemStrings = scenario.Words is null ? [] : [$"io.systemd.stub.kernel-cmdline-extra={scenario.Words}"],
        };
        using VirtualMachine machine = TestMachine.BootUntil(options, _ => { });
        return new(scenario, disk, machine.EventLog(), machine.Pcrs(), Encoding.Latin1.GetString(machine.Serial));
    }
}

/// <summary>Shares the boots.</summary>
[CollectionDefinition(Name)]
public sealed class BootMatrixGroup : ICollectionFixture<BootMatrix>
{
    public const string Name = "boot matrix";
}
