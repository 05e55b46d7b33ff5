using Mantle.Boot.Tests;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tpm;
using Mantle.Measure;

namespace Mantle.Demo;

/// <summary>What became of an attack.</summary>
/// <param name="Name">What was tried.</param>
/// <param name="StoppedBy">Who should stop it.</param>
/// <param name="Outcome">The boot.</param>
/// <param name="Explanation">What <c>measure explain</c> said, or empty where nothing that is measured differs.</param>
/// <param name="Reason">By which statement and condition the key policy denies it; empty where KMS was never asked.</param>
internal sealed record AttackReport(string Name, Guard StoppedBy, BootOutcome Outcome, string Explanation, string Reason);

/// <summary>Who stops an attack.</summary>
internal enum Guard
{
    /// <summary>dm-verity: a block is not what the root hash says, and the kernel panics.</summary>
    Verity,

    /// <summary>Secure Boot: the boot file is not what was signed, and the firmware does not start it.</summary>
    Firmware,

    /// <summary>The key policy: it runs, yet it measures something else, and KMS does not decrypt.</summary>
    KeyService,
}

/// <summary>Six ways to change what runs, each by somebody with the account's powers, or with the Secure Boot key.</summary>
internal sealed class Attacks(Workshop workshop, Laboratory laboratory, Transcript transcript)
{
    private const string Words = "init=/bin/sh";

    /// <summary>Runs all of them.</summary>
    public IReadOnlyList<AttackReport> RunAll() =>
    [
        FlipInRoot(),
        FlipInBootFile(),
        AddWords(),
        PlantCredential(),
        BootTwin(),
        BootOlder(),
    ];

    private string Release => workshop["release/image.raw"];

    private AttackReport FlipInRoot()
    {
        using DamagedImage damaged = DamagedImage.InProgram(Release, "usr/bin/unseal");
        return Report("one bit in the root", Guard.Verity, laboratory.Attack("one bit in the root", damaged.Path));
    }

    private AttackReport FlipInBootFile()
    {
        using DamagedImage damaged = DamagedImage.InUki(Release, workshop["release/uki.efi"]);
        return Report("one bit in the boot file", Guard.Firmware, laboratory.Attack("one bit in the boot file", damaged.Path, isRefusedByFirmware: true));
    }

    private AttackReport AddWords() =>
        Report("words for the command line", Guard.KeyService, laboratory.Attack("words for the command line", Release, false, Words), "--cmdline-extra", Words);

    private AttackReport PlantCredential()
    {
        string disk = CopyRelease("planted.raw");
        workshop.Write("example.cred", "a credential that nobody asked for\n");
        string partition = SystemPartition(disk);
        workshop.System("mmd", "-i", partition, "::EFI/BOOT/BOOTX64.EFI.extra.d");
        workshop.System("mcopy", "-i", partition, workshop["example.cred"], "::EFI/BOOT/BOOTX64.EFI.extra.d/example.cred");
        return Report("a credential on the boot partition", Guard.KeyService, laboratory.Attack("a credential on the boot partition", disk), "--credential", "example.cred");
    }

    /// <summary>By somebody who has the key of db: the firmware starts the twin, which has a root shell.</summary>
    private AttackReport BootTwin()
    {
        string disk = workshop["twin.raw"];
        workshop.System("cp", "--sparse=always", workshop["out-debug/image.raw"], disk);
        workshop.System("openssl", "pkey", "-in", "keys/db.key.pem", "-passin", "pass:demonstration", "-out", "stolen.pem");
        workshop.System("sbsign", "--key", "stolen.pem", "--cert", "identity/db.pem", "--output", "twin.efi", "out-debug/uki.efi");
        workshop.System("mcopy", "-o", "-i", SystemPartition(disk), workshop["twin.efi"], "::EFI/BOOT/BOOTX64.EFI");
        return Report("the debug twin, signed with a stolen key", Guard.KeyService, laboratory.Attack("the debug twin, signed with a stolen key", disk), "--known", "out-debug");
    }

    private AttackReport BootOlder() =>
        Report("an older release, revoked", Guard.KeyService, laboratory.Attack("an older release, revoked", workshop["release-older/image.raw"]), "--known", "release-older/measurements-secure-boot.json");

    private AttackReport Report(string name, Guard guard, BootOutcome outcome, params string[] suspects)
    {
        transcript.Say($"\n-- {name}: stopped by {guard switch { Guard.Verity => "verity", Guard.Firmware => "the firmware", _ => "KMS" }}");
        string reason = "";
        if (guard == Guard.KeyService)
        {
            transcript.Say($"KMS was asked: {string.Join(", ", outcome.KeyServiceCalls.Select(call => $"{call.Operation} {call.Error ?? "allowed"}"))}");
            (int denied, reason, string problem) = workshop.Measure(
            [
                "policy", "simulate", "policy.json", "--principal", Cloud.Appliance, "--action", "kms:Decrypt", "--context", "kms:EncryptionContext:mantle:appliance=sample",
                .. new[] { 4, 7, 12, 13 }.SelectMany(pcr => new[] { "--pcr", $"{pcr}={outcome.Pcrs[TpmAlgorithm.Sha384, pcr]}" }),
            ]);
            Expect(denied == ExitCode.Mismatch, $"the simulator does not deny it: {reason}{problem}");
        }

        (int code, string explanation, string error) = workshop.Measure(["explain", "--expected", "release/measurements-secure-boot.json", "--actual", $"{FileOf(name)}.pcrs", .. suspects]);
        Expect(code is ExitCode.Success or ExitCode.Mismatch, error);
        return new(name, guard, outcome, explanation, reason);
    }

    /// <summary>A name for files: QEMU takes a comma for its own.</summary>
    public static string FileOf(string name) => name.Replace(' ', '-').Replace(",", "", StringComparison.Ordinal);

    private string CopyRelease(string name)
    {
        workshop.System("cp", "--sparse=always", Release, workshop[name]);
        return workshop[name];
    }

    /// <summary>As mtools names a file system within a file.</summary>
    private static string SystemPartition(string disk)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(disk);
        return $"{disk}@@{GptReader.Read(ByteSource.FromFile(file)).Partitions.Single(x => x.TypeId == DiscoverablePartitions.EfiSystem).Offset}";
    }

    private static void Expect(bool condition, string problem)
    {
        if (!condition)
        {
            throw new DemoException(problem);
        }
    }
}
