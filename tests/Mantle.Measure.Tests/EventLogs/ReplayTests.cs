using System.Text;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;
using Mantle.Testing;

namespace Mantle.Measure.Tests.EventLogs;

/// <summary>Real logs: what their authors say they lead to, what their TPMs held, and what tpm2_eventlog makes of them.</summary>
public class ReplayTests
{
    private static readonly string[] s_published =
        ["rhel8-uefi.bin", "ubuntu-2104-no-secure-boot.bin", "debian-10.bin", "eventlogwithsp800155.bin", "event-postcode.bin"];

    public static TheoryData<string> Published => [.. s_published];

    public static TheoryData<string> Captured =>
    [
        "01-setup-mode", "03-secure-boot", "04-rich-uki", "05-sidecars", "07-profile0", "09-ca-anchor", "12-ca-and-leaf", "13-odd-size-unsigned",
        "14-odd-size-signed", "16-loadoptions-nosb", "20-two-disks", "24-stub-262",
    ];

    [Theory]
    [MemberData(nameof(Published))]
    public void A_published_log_leads_to_its_published_values(string name)
    {
        JsonElement expected = JsonDocument.Parse(File.ReadAllBytes(Repository.SharedVector("eventlog/expected-pcrs.json"))).RootElement.GetProperty(name).GetProperty("pcrs");
        PcrList values = PcrListReader.Read(ByteSource.FromMemory(Encoding.UTF8.GetBytes(expected.GetRawText())));
        LogReplay replay = Replay(Repository.SharedVector($"eventlog/{name}")).CompareWith(values);

        Assert.Equal(values.Count, replay.Checks.Count);
        Assert.All(replay.Checks, check => Assert.Equal(PcrAgreement.Equal, check.Agreement));
        Assert.True(replay.IsWhole);
    }

    [Theory]
    [MemberData(nameof(Captured))]
    public void A_captured_log_leads_to_what_the_tpm_held_but_for_what_ima_extended(string name)
    {
        JsonElement pcrs = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder(name), "case.json"))).RootElement.GetProperty("tpm_pcrs");
        PcrList values = PcrListReader.Read(ByteSource.FromMemory(Encoding.UTF8.GetBytes(pcrs.GetRawText())));
        LogReplay replay = Replay(Path.Combine(Folder(name), "eventlog.bin")).CompareWith(values);

        Assert.Equal(values.Count, replay.Checks.Count);
        Assert.All(replay.Checks, check => Assert.Equal(check.Index == 10 ? PcrAgreement.NotInLog : PcrAgreement.Equal, check.Agreement));
        Assert.DoesNotContain(replay.Events, e => e.Trust == TextTrust.Contradicted);
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void Tpm2_eventlog_computes_the_same_values(string name)
    {
        string path = Repository.SharedVector($"eventlog/{name}");
        string output = Oracle.Succeed("tpm2_eventlog", path);
        PcrList values = PcrListReader.Read(ByteSource.FromMemory(Encoding.UTF8.GetBytes(output[output.IndexOf("pcrs:\n", StringComparison.Ordinal)..])));
        LogReplay replay = Replay(path).CompareWith(values);

        // Releases of tpm2-tools before 5.7 extend EV_NO_ACTION events that are not the Spec ID; here the published value is right.
        bool hasManifests = replay.Findings.Any(finding => finding.Defect.Id == "sp800-155");
        Assert.NotEmpty(replay.Checks);
        Assert.All(replay.Checks, check => Assert.True(check.Agreement == PcrAgreement.Equal || (hasManifests && check.Index == 0), $"PCR {check.Index} {check.Bank}"));
    }

    [Fact]
    public void Negative_vectors_are_refused_and_a_lone_startup_locality_is_read()
    {
        Assert.Throws<MalformedInputException>(() => Replay(Repository.SharedVector("eventlog/keylime_bogus")));
        Assert.Contains(Replay(Repository.SharedVector("eventlog/short_no_action_eventlog")).Findings, finding => finding.Defect.Id == "startup-locality");
    }

    [Fact]
    public void A_changed_value_is_different_and_a_bank_that_the_log_lacks_is_refused()
    {
        LogReplay replay = LogDefectTests.Replay(LogBuilder.Sound().Bytes);
        PcrList other = Values($"sha256:\n 4: 0x{new string('a', 64)}\n 10: 0x{new string('a', 64)}\n");
        Assert.Equal([PcrAgreement.Different, PcrAgreement.NotInLog], replay.CompareWith(other).Checks.Select(check => check.Agreement));
        Assert.StartsWith("the values are of sha384", Assert.Throws<UserErrorException>(() => replay.CompareWith(Values($"4: {new string('a', 96)}"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_are_marked_by_what_their_digests_say()
    {
        LogReplay replay = LogDefectTests.Replay(new LogBuilder()
            .Add(8, EventType.Ipl, [.. "grub_cmd: boot\0"u8], [.. "boot"u8])
            .Add(9, EventType.Ipl, [.. "/vmlinuz\0"u8], [1, 2])
            .Add(11, EventType.Ipl, Encoding.Unicode.GetBytes(".linux\0"), [.. ".linux\0"u8])
            .Add(5, EventType.EfiAction, [.. "Exit Boot Services Invocation"u8], [1]).Bytes);
        Assert.Equal(
            [TextTrust.NotMeasured, TextTrust.Hashed, TextTrust.Label, TextTrust.Hashed, TextTrust.Contradicted],
            replay.Events.Select(e => e.Trust));
        Assert.Equal("the operating system asks the firmware to leave", replay.Events[4].Meaning);
    }

    [Fact]
    public void What_windows_measures_is_named()
    {
        // TrustBoundary { BootCounter = 4, FilePath = "\A" }, as wbcl.h lays it out
        byte[] data =
        [
            1, 0, 1, 0x40, 28, 0, 0, 0, 2, 0, 2, 0, 8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7, 0, 4, 0, 0, 0, (byte)'\\', 0, (byte)'A', 0,
        ];
        ExplainedEvent e = LogDefectTests.Replay(new LogBuilder().Add(12, EventType.EventTag, data).Bytes).Events[1];
        Assert.Equal("""TrustBoundary{BootCounter=4 FilePath="\\A"}""", e.Text);
        Assert.Equal(TextTrust.Hashed, e.Trust);
    }

    [Fact]
    public void Text_of_a_log_cannot_write_to_the_terminal()
    {
        StringWriter text = new();
        LogReplay replay = LogDefectTests.Replay(new LogBuilder().Add(12, EventType.Ipl, [.. "a\u001b[2J\nPCR 4 fine"u8]).NoAction("\u001b]0;x\u0007").Bytes);
        ReplayText.Write(replay, [TpmAlgorithm.Sha256], text);
        Assert.DoesNotContain(text.ToString(), c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain("\nPCR 4 fine", text.ToString(), StringComparison.Ordinal);
    }

    internal static LogReplay Replay(string path) => LogReplay.Of(LoadedLog.Read(ByteSource.OpenFile(path)));

    internal static PcrList Values(string text) => PcrListReader.Read(ByteSource.FromMemory(Encoding.UTF8.GetBytes(text)));

    internal static string Folder(string name)
    {
        string own = Repository.PathOf("tests", "vectors", "own-qemu", name);
        return Directory.Exists(own) ? own : Path.GetDirectoryName(Repository.SharedVector($"own-qemu/{name}/case.json"))!;
    }
}
