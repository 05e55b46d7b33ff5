using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Tcg;

/// <summary>Logs that real firmware wrote, with the values that real TPMs held.</summary>
public class EventLogVectorTests
{
    private static readonly TpmAlgorithm[] s_banks = [TpmAlgorithm.Sha1, TpmAlgorithm.Sha256, TpmAlgorithm.Sha384, TpmAlgorithm.Sha512];

    public static TheoryData<string> OwnBoots =>
    [
        "01-setup-mode", "03-secure-boot", "04-rich-uki", "05-sidecars", "07-profile0", "09-ca-anchor", "12-ca-and-leaf", "13-odd-size-unsigned",
        "14-odd-size-signed", "16-loadoptions-nosb", "20-two-disks", "24-stub-262",
    ];

    [Theory]
    [InlineData("rhel8-uefi.bin")]
    [InlineData("ubuntu-2104-no-secure-boot.bin")]
    [InlineData("debian-10.bin")]
    [InlineData("eventlogwithsp800155.bin")]
    [InlineData("event-postcode.bin")]
    public void A_published_log_replays_to_the_published_values(string name)
    {
        PcrValues replayed = EventLog.Read(ReadVector($"eventlog/{name}")).Replay();
        using JsonDocument expected = JsonDocument.Parse(ReadVector("eventlog/expected-pcrs.json"));

        Assert.True(AssertEqual(expected.RootElement.GetProperty(name).GetProperty("pcrs"), replayed, except: []) >= 8);
    }

    [Theory]
    [MemberData(nameof(OwnBoots))]
    public void The_log_of_a_boot_replays_to_what_its_tpm_held(string name)
    {
        PcrValues replayed = EventLog.Read(ReadVector($"own-qemu/{name}/eventlog.bin")).Replay();
        using JsonDocument boot = JsonDocument.Parse(ReadVector($"own-qemu/{name}/case.json"));

        // PCR 10 belongs to the kernel's IMA, which extends it after the firmware's log has ended.
        Assert.Equal(4 * 17, AssertEqual(boot.RootElement.GetProperty("tpm_pcrs"), replayed, except: [10]));
    }

    [Theory]
    [MemberData(nameof(OwnBoots))]
    public void Every_record_whose_data_was_hashed_is_verified(string name)
    {
        EventLog log = EventLog.Read(ReadVector($"own-qemu/{name}/eventlog.bin"));

        Assert.DoesNotContain(log.Events, x => x.CheckDigest() == DigestCheck.Mismatch);
        Assert.All(
            log.Events.Where(x => x.UntrustedType is EventType.Separator or EventType.EfiAction or EventType.EfiGptEvent or EventType.EfiVariableDriverConfig),
            x => Assert.Equal(DigestCheck.Verified, x.CheckDigest()));
        Assert.All(log.Events.Where(x => x.UntrustedType == EventType.EfiBootServicesApplication), x => Assert.False(x.TryGetVerifiedData(out _)));
    }

    [Fact]
    public void Text_that_is_no_log_is_malformed_input() =>
        Assert.Throws<MalformedInputException>(() => EventLog.Read(ReadVector("eventlog/keylime_bogus")));

    /// <summary>Its name says short, but the record is whole; go-attestation, where it comes from, reads it too.</summary>
    [Fact]
    public void A_sha1_log_may_start_with_another_no_action_record_than_the_spec_id()
    {
        EventLog log = EventLog.Read(ReadVector("eventlog/short_no_action_eventlog"));

        Assert.Null(log.SpecId);
        Assert.Equal("0000000000000000000000000000000000000003", log.Replay()[TpmAlgorithm.Sha1, 0].ToString());
    }

    [Theory]
    [InlineData("ebs_event_missing_eventlog")]
    [InlineData("dstack_gcp_tpm_eventlog.bin")]
    public void A_log_without_stated_values_is_read_to_its_end(string name)
    {
        byte[] bytes = ReadVector($"eventlog/{name}");
        EventLog log = EventLog.Read(bytes);

        Assert.Equal(bytes.Length, log.Length);
        Assert.NotEmpty(log.Replay().Banks);
    }

    [Theory]
    [InlineData("own-qemu/01-setup-mode/eventlog.bin")]
    [InlineData("own-qemu/05-sidecars/eventlog.bin")]
    [InlineData("eventlog/rhel8-uefi.bin")]
    public void The_tpm2_eventlog_tool_reads_the_same_records(string name)
    {
        EventLog log = EventLog.Read(ReadVector(name));
        string[] lines = Oracle.Succeed("tpm2_eventlog", PathOf(name)).Split('\n');

        Assert.Equal(lines.Where(x => x.StartsWith("  EventType: ", StringComparison.Ordinal)).Select(x => x[13..]), log.Events.Select(x => x.UntrustedType.SpecificationName()));
        Assert.Equal(lines.Where(x => x.StartsWith("  PCRIndex: ", StringComparison.Ordinal)).Select(x => x[12..]), log.Events.Select(x => $"{x.Register}"));
        Assert.Equal(
            lines.Where(x => x.StartsWith("    Digest: ", StringComparison.Ordinal)).Select(x => x[12..].Trim('"')),
            log.Events.Skip(1).SelectMany(x => x.Digests).Select(x => x.ToString()));
    }

    private static byte[] ReadVector(string name) => File.ReadAllBytes(PathOf(name));

    /// <summary>Some of our own captures are in the checkout; the rest lies beside it.</summary>
    private static string PathOf(string name) =>
        Repository.PathOf("tests", "vectors", name) is string path && File.Exists(path) ? path : Repository.SharedVector(name);

    private static int AssertEqual(JsonElement banks, PcrValues actual, int[] except)
    {
        int compared = 0;
        foreach (TpmAlgorithm bank in s_banks)
        {
            if (!banks.TryGetProperty(bank.Name(), out JsonElement registers))
            {
                continue;
            }

            foreach (JsonProperty register in registers.EnumerateObject().Where(x => !except.Contains(int.Parse(x.Name))))
            {
                Assert.Equal((bank, register.Name, register.Value.GetString()), (bank, register.Name, actual[bank, int.Parse(register.Name)].ToString()));
                compared++;
            }
        }

        return compared;
    }
}
