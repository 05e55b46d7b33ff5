using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Measure.EventLogs;

namespace Mantle.Measure.Tests.EventLogs;

public class LogDefectTests
{
    /// <summary>For each defect a log that has it.</summary>
    private static readonly Dictionary<string, Func<byte[]>> s_logs = new()
    {
        ["truncated"] = () => LogBuilder.Sound().Bytes[..^3],
        ["damaged-record"] = () => [.. LogBuilder.Sound().Bytes, 99, 0, 0, 0, 4, 0, 0, 0, .. new byte[99]],
        ["bytes-after-padding"] = () => [.. LogBuilder.Sound().Bytes, .. new byte[99], 1],
        ["padded-zeros"] = () => [.. LogBuilder.Sound().Bytes, .. new byte[99]],
        ["padded-ones"] = () => [.. LogBuilder.Sound().Bytes, .. Enumerable.Repeat((byte)0xff, 99)],
        ["sha1-only"] = () => [0, 0, 0, 0, 4, 0, 0, 0, .. new byte[20], 4, 0, 0, 0, 0, 0, 0, 0],
        ["unknown-bank"] = WithSm3,
        ["bad-startup-locality"] = () => LogBuilder.Sound().NoAction("StartupLocality\0\u0003").Bytes,
        ["startup-locality"] = () => new LogBuilder().NoAction("StartupLocality\0\u0003").Separator(0).Bytes,
        ["hardware-crtm"] = () => new LogBuilder().Add(0, EventType.EfiHcrtmEvent, [.. "HCRTM"u8]).Bytes,
        ["sp800-155"] = () => new LogBuilder().NoAction("SP800-155 Event3abc").Bytes,
        ["unknown-no-action"] = () => new LogBuilder().NoAction("hello").Bytes,
        ["no-action-digest"] = () => new LogBuilder().Add(0, EventType.NoAction, [.. "hello"u8]).Bytes,
        ["missing-separator"] = () => new LogBuilder().Separator(0).Bytes,
        ["duplicate-separator"] = () => LogBuilder.Sound().Separator(3).Bytes,
        ["error-separator"] = () => new LogBuilder().Separator(3, 1).Bytes,
        ["firmware-after-separator"] = () => LogBuilder.Sound().Add(0, EventType.EfiPlatformFirmwareBlob, new byte[16], [1]).Bytes,
        ["authority-before-separator"] = () => new LogBuilder().Variable(EventType.EfiVariableAuthority, "db", [1]).Separator(7).Bytes,
        ["missing-exit-boot-services"] = () => new LogBuilder().Separator(5).Bytes,
        ["exit-boot-services-retried"] = () => LogBuilder.Sound().Action(5, "Exit Boot Services Returned with Failure").Bytes,
        ["missing-secure-boot-variables"] = () => new LogBuilder().Separator(7).Bytes,
        ["debug-mode"] = () => LogBuilder.Sound().Action(7, "UEFI Debug Mode").Bytes,
        ["dma-protection-off"] = () => LogBuilder.Sound().Action(7, "DMA Protection Disabled").Bytes,
        ["digest-mismatch"] = () => LogBuilder.Sound().Add(5, EventType.EfiAction, [.. "a"u8], [.. "b"u8]).Bytes,
        ["mixed-digests"] = () => new LogBuilder().AddDigests(3, EventType.Separator, new byte[4], Convert.FromHexString("9069ca78e7450a285173431b3e52c5c25299e473"), new byte[32]).Bytes,
        ["zero-digest"] = () => new LogBuilder().AddDigests(3, EventType.Ipl, new byte[4], Convert.FromHexString("9069ca78e7450a285173431b3e52c5c25299e473"), new byte[32]).Bytes,
        ["padded-digest"] = () => new LogBuilder().AddDigests(3, EventType.Ipl, [], [.. Enumerable.Repeat((byte)7, 20)], [.. Enumerable.Repeat((byte)7, 20), .. new byte[12]]).Bytes,
        ["shim-authority"] = () => new LogBuilder().Add(7, EventType.EfiVariableAuthority, [.. new Guid("605dab50-e046-4300-abb6-3dd810dd8b23").ToByteArray(), 4]).Bytes,
        ["variable-content-only"] = () => LogBuilder.Sound().Variable(EventType.EfiVariableBoot, "BootOrder", [1, 0], contentOnly: true).Bytes,
        ["variable-name-with-nul"] = () => LogBuilder.Sound().Variable(EventType.EfiVariableBoot, "BootOrder\0", [1, 0]).Bytes,
        ["malformed-data"] = () => LogBuilder.Sound().Add(7, EventType.EfiVariableAuthority, [1]).Bytes,
        ["unknown-event-type"] = () => LogBuilder.Sound().Add(7, (EventType)0x77, [1]).Bytes,
        ["no-boot-image"] = () => new LogBuilder().Separator(4).Bytes,
        ["images-in-other-pcr"] = () => new LogBuilder().Image(2).Bytes,
        ["partition-table-in-other-pcr"] = () => LogBuilder.Sound().Add(2, EventType.EfiGptEvent, [1]).Bytes,
        ["several-boot-attempts"] = () => LogBuilder.Sound().Action(4, "Calling EFI Application from Boot Option").Bytes,
    };

    public static TheoryData<string> Ids => [.. LogDefect.All.Select(defect => defect.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Each_defect_is_found_in_a_log_that_has_it_and_in_no_sound_one(string id)
    {
        Assert.Contains(Replay(s_logs[id]()).Findings, finding => finding.Defect.Id == id);
        Assert.DoesNotContain(Replay(LogBuilder.Sound().Bytes).Findings, finding => finding.Defect.Id == id);
    }

    [Fact]
    public void A_defect_that_cuts_the_log_makes_it_not_whole_and_others_do_not()
    {
        foreach (LogDefect defect in LogDefect.All)
        {
            Assert.Equal(defect.Level != FindingLevel.Error, Replay(s_logs[defect.Id]()).IsWhole);
        }
    }

    [Fact]
    public void Names_are_unique_and_every_defect_is_documented()
    {
        Assert.Equal(LogDefect.All.Count, LogDefect.All.Select(defect => defect.Id).Distinct().Count());
        string documentation = File.ReadAllText(Mantle.Testing.Repository.PathOf("docs", "event-logs.md"));
        Assert.All(LogDefect.All, defect => Assert.Contains($"`{defect.Id}`", documentation, StringComparison.Ordinal));
    }

    [Fact]
    public void A_log_that_is_cut_anywhere_is_whole_only_between_two_records()
    {
        byte[] log = LogBuilder.Sound().Bytes;
        HashSet<long> boundaries = [.. EventLog.Read(log).Events.Select(record => record.Offset), log.Length];
        for (int length = (int)boundaries.Order().ElementAt(2); length < log.Length; length++)
        {
            LogReplay replay = Replay(log[..length]);
            Assert.Equal(boundaries.Contains(length), replay.IsWhole);
            Assert.Contains(replay.Findings, finding => finding.Defect.Id is "truncated" or "missing-exit-boot-services");
        }
    }

    internal static LogReplay Replay(byte[] bytes) => LogReplay.Of(LoadedLog.Read(ByteSource.FromMemory(bytes)));

    private static byte[] WithSm3() =>
    [
        0, 0, 0, 0, 3, 0, 0, 0, .. new byte[20], 33, 0, 0, 0, .. Encoding.ASCII.GetBytes("Spec ID Event03\0"), 0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0x12, 0, 32, 0, 0,
    ];
}
