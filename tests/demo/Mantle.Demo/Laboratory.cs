using System.Diagnostics;
using System.Net;
using Mantle.Emulator.Kms;
using Mantle.Emulator.Machine;
using Mantle.Emulator.Tpm.Nitro;
using Mantle.Formats.Efi;
using Mantle.Formats.Tpm;
using Mantle.Testing;

namespace Mantle.Demo;

/// <summary>Boots disks as EC2 would: Secure Boot with the identity's keys, a NitroTPM, the metadata service, KMS, and the weights on a second disk.</summary>
internal sealed class Laboratory(Workshop workshop, Cloud cloud)
{
    public const int ServicePort = 8443;
    public const int StatusPort = 8009;

    private static readonly TimeSpan s_glance = TimeSpan.FromSeconds(1);

    private readonly List<string> _heard = [];
    private DateTimeOffset? _served;
    private NitroTpm? _tpm;

    /// <summary>Boots the release and hands the serving machine to a visitor.</summary>
    public BootOutcome Serve(string name, string disk, Action<int> visit)
    {
        return Watch(name, disk, [], machine =>
        {
            AwaitService(name, machine);
            _served = TimeProvider.System.GetUtcNow();
            visit(machine.ForwardedPort);
            machine.PressPowerButton();
            machine.WaitForPowerOff();
        });
    }

    /// <summary>
    /// Boots something that must not get the weights, until it switches itself off, resets, or the firmware has refused it. The service must never answer.
    /// </summary>
    /// <param name="words">Words for the kernel command line by SMBIOS.</param>
    public BootOutcome Attack(string name, string disk, bool isRefusedByFirmware = false, params string[] words) => Watch(name, disk, words, machine =>
    {
        if (isRefusedByFirmware)
        {
            machine.WaitForRefusal();

            // The firmware says so before it measures that it has come back.
            Thread.Sleep(TimeSpan.FromSeconds(2));
            return;
        }

        machine.WaitForHandover();
        machine.WaitForPowerOff(() =>
        {
            Listen(machine);
            if (machine.TryHttps("/healthz", s_glance) is { } answer)
            {
                throw new DemoException($"\"{name}\" serves: {answer}");
            }
        });
    });

    /// <summary>Boots a machine whose service reports instead of serving, and reads its lines until "end".</summary>
    public (BootOutcome Outcome, IReadOnlyList<string> Report) Interrogate(string name, string disk)
    {
        List<string> report = [];
        BootOutcome outcome = Watch(name, disk, [], machine =>
        {
            long start = Stopwatch.GetTimestamp();
            while (report is not [.., "end"])
            {
                report.Clear();
                report.AddRange(machine.Hear(ServicePort, VirtualMachine.BootTimeout));
                Listen(machine);
                if (machine.IsOff || Stopwatch.GetElapsedTime(start) > VirtualMachine.BootTimeout)
                {
                    throw new DemoException($"\"{name}\" reports no more than \"{report.LastOrDefault()}\"; stages: {string.Join(' ', _heard.Distinct())}; TPM: {string.Join(' ', _tpm?.Commands ?? [])}");
                }
            }
        });
        return (outcome, report);
    }

    private void AwaitService(string name, VirtualMachine machine)
    {
        long start = Stopwatch.GetTimestamp();
        while (machine.TryHttps("/healthz", s_glance) is null)
        {
            Listen(machine);
            if (machine.IsOff || Stopwatch.GetElapsedTime(start) > VirtualMachine.BootTimeout)
            {
                throw new DemoException(
                    $"\"{name}\" does not serve; stages: {string.Join(' ', _heard.Distinct())}; metadata: {string.Join(", ", cloud.MetadataCalls)}; "
                    + $"KMS: {string.Join(", ", cloud.Keys.Calls.TakeLast(4))}; TPM: {string.Join(' ', _tpm?.Commands ?? [])}");
            }
        }
    }

    private void Listen(VirtualMachine machine)
    {
        if (machine.TryHear(StatusPort, s_glance) is { } code)
        {
            _heard.Add(code.Trim());
        }
    }

    private BootOutcome Watch(string name, string disk, string[] words, Action<VirtualMachine> until)
    {
        string file = Attacks.FileOf(name);
        int calls = cloud.Keys.Calls.Count;
        _heard.Clear();
        _served = null;
        using NitroTpm tpm = cloud.MakeTpm();
        _tpm = tpm;
        Firmware firmware = Firmware.FindSecureBoot() ?? throw new DemoException("OVMF is missing (Debian package \"ovmf\")");
        File.WriteAllBytes(workshop[$"{file}.fd"], Enroll(File.ReadAllBytes(firmware.VariablesPath)));
        using VirtualMachine machine = new(new MachineOptions
        {
            Qemu = Oracle.Require("qemu-system-x86_64"),
            SoftwareTpm = Oracle.Require("swtpm"),
            Relay = Oracle.Require("socat"),
            Firmware = firmware with { VariablesPath = workshop[$"{file}.fd"] },
            DiskImage = disk,
            DataDisks = [workshop["weights.img"]],
            Interceptor = tpm,
            GuestPort = ServicePort,
            MorePorts = [StatusPort],
            StopAtReset = true,
            NetworkCapture = workshop[$"{file}.pcap"],
            OemStrings = [.. words.Select(each => $"io.systemd.stub.kernel-cmdline-extra={each}")],
            Servers =
            [
                new(IPAddress.Parse("169.254.169.254"), 80, cloud.MetadataPort),
                new(IPAddress.Parse(Cloud.KeyServiceAddress), 443, cloud.KeyServicePort),
            ],
        });
        until(machine);
        BootOutcome outcome = new(name)
        {
            HasHandedOver = machine.Handovers.Count > 0,
            ShutdownReason = machine.ShutdownReason,
            Pcrs = machine.Pcrs(),
            KeyServiceCalls = [.. cloud.Keys.Calls.Skip(calls)],
            Documents = tpm.Documents,
            StageCodes = [.. _heard.Distinct()],
            Stages = Stages(machine, tpm, calls),
            Serial = machine.Serial,
            SerialAfterFirmware = machine.Handovers.Count > 0 ? machine.SerialSinceHandover.Length : 0,
            Capture = workshop[$"{file}.pcap"],
        };
        workshop.Write($"{file}.pcrs", outcome.PcrText());
        if (outcome.Documents is [.., byte[] document])
        {
            File.WriteAllBytes(workshop[$"{file}.cbor"], document);
        }

        return outcome;
    }

    /// <summary>
    /// How long after the kernel's start each stage was seen from outside: the address is there when the first question comes to the metadata service, and the
    /// service when it answers, which is asked for again and again.
    /// </summary>
    private List<(string Stage, TimeSpan Since)> Stages(VirtualMachine machine, NitroTpm tpm, int calls)
    {
        List<(string Stage, TimeSpan Since)> stages = [];
        if (machine.Handovers is not [FirmwareHandover { At: DateTimeOffset start }, ..])
        {
            return stages;
        }

        void Add(string stage, DateTimeOffset? at)
        {
            if (at is { } time)
            {
                stages.Add((stage, time - start));
            }
        }

        Add("address, credentials asked for", cloud.MetadataTimes.Cast<DateTimeOffset?>().FirstOrDefault(time => time > start));
        Add("attestation document", tpm.DocumentTimes.Cast<DateTimeOffset?>().FirstOrDefault());
        Add("KMS has answered", cloud.Keys.Calls.Skip(calls).FirstOrDefault()?.At);
        Add("service answers", _served);
        return stages;
    }

    private byte[] Enroll(byte[] empty) => VariableStore.Add(
        empty,
        Keys(EfiGuids.GlobalVariable, "PK"),
        Keys(EfiGuids.GlobalVariable, "KEK"),
        Keys(EfiGuids.ImageSecurityDatabase, "db"),
        new EfiVariable(
            EfiGuids.SecureBootEnableDisable, "SecureBootEnable", EfiVariableAttributes.NonVolatile | EfiVariableAttributes.BootServiceAccess, new byte[] { 1 }));

    private EfiVariable Keys(Guid vendor, string name) =>
        new(vendor, name, EfiVariableAttributes.SecureBootVariable, File.ReadAllBytes(workshop[$"identity/{name}.esl"]));
}

/// <summary>What was seen of one boot from outside.</summary>
internal sealed record BootOutcome(string Name)
{
    /// <summary>Whether the firmware started the boot file.</summary>
    public required bool HasHandedOver { get; init; }

    /// <summary>How the machine ended, in QEMU's words.</summary>
    public required string? ShutdownReason { get; init; }

    /// <summary>When it came how far, since the kernel's start.</summary>
    public required IReadOnlyList<(string Stage, TimeSpan Since)> Stages { get; init; }

    /// <summary>The TPM's registers at the end.</summary>
    public required PcrValues Pcrs { get; init; }

    /// <summary>What KMS was asked meanwhile.</summary>
    public required IReadOnlyList<KmsCall> KeyServiceCalls { get; init; }

    /// <summary>The attestation documents that the TPM has issued.</summary>
    public required IReadOnlyList<byte[]> Documents { get; init; }

    /// <summary>What the status port told.</summary>
    public required IReadOnlyList<string> StageCodes { get; init; }

    public required byte[] Serial { get; init; }

    public required int SerialAfterFirmware { get; init; }

    /// <summary>Every packet, in a file.</summary>
    public required string Capture { get; init; }

    /// <summary>The registers as tpm2_pcrread prints them.</summary>
    public string PcrText() => string.Concat(
        new[] { TpmAlgorithm.Sha256, TpmAlgorithm.Sha384 }.Select(bank =>
            $"  {bank.ToString().ToLowerInvariant()}:\n" + string.Concat(Enumerable.Range(0, 24).Select(pcr => $"    {pcr,-2}: 0x{Pcrs[bank, pcr].ToString().ToUpperInvariant()}\n"))));
}
