using System.Buffers.Binary;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Gpt;

/// <summary>sgdisk, sfdisk, systemd and real captures say whether we are right.</summary>
public class GptOracleTests
{
    [Fact]
    public void Partition_tools_find_no_fault_and_the_same_partitions()
    {
        GptOptions options = GptTests.Sample(rootName: "Wurzel ü");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["disk"], GptWriter.Layout(options).ToArray());

        Assert.Contains("No problems found", Oracle.Succeed("sgdisk", "-v", folder["disk"]), StringComparison.Ordinal);
        Oracle.Succeed("sfdisk", "--verify", folder["disk"]);
        string second = Oracle.Succeed("sgdisk", "-i", "2", folder["disk"]);
        Assert.Contains("Partition GUID code: 4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", second, StringComparison.Ordinal);
        Assert.Contains("Partition unique GUID: 66666666-7777-8888-9999-AAAAAAAAAAAA", second, StringComparison.Ordinal);
        Assert.Contains("First sector: 4096", second, StringComparison.Ordinal);
        Assert.Contains("Last sector: 6143", second, StringComparison.Ordinal);
        Assert.Contains("Attribute flags: 1000000000000000", second, StringComparison.Ordinal);
        Assert.Contains("Partition name: 'Wurzel ü'", second, StringComparison.Ordinal);
        AssertSameAsSfdisk(folder["disk"], GptReader.Read(ByteSource.FromMemory(File.ReadAllBytes(folder["disk"]))));
    }

    [Fact]
    public void What_sgdisk_writes_is_read()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["disk"], new byte[8 << 20]);
        Oracle.Succeed(
            "sgdisk", "-n", "1:2048:4095", "-t", "1:ef00", "-c", "1:EFI system", "-n", "5:4096:8191", "-A", "5:set:60", "-t", "5:8304", "-n", "3:8192:0", folder["disk"]);

        GptTable table = GptReader.Read(ByteSource.FromMemory(File.ReadAllBytes(folder["disk"])));
        Assert.Equal([1, 3, 5], table.Partitions.Select(p => p.Number));
        Assert.Equal([DiscoverablePartitions.EfiSystem, DiscoverablePartitions.RootX64], [table.Partitions[0].TypeId, table.Partitions[2].TypeId]);
        AssertSameAsSfdisk(folder["disk"], table);
    }

    [Fact]
    public void What_sfdisk_writes_is_read()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["disk"], new byte[8 << 20]);
        File.WriteAllText(folder["script"], "label: gpt\nsize=1MiB, type=uefi, name=\"one\"\ntype=linux, attrs=\"GUID:63\"\n");
        Oracle.Succeed("sh", "-c", $"sfdisk -q '{folder["disk"]}' < '{folder["script"]}'");

        AssertSameAsSfdisk(folder["disk"], GptReader.Read(ByteSource.FromMemory(File.ReadAllBytes(folder["disk"]))));
    }

    [Fact]
    public void Known_types_have_the_names_that_systemd_gives_them()
    {
        string known = Oracle.Succeed("systemd-id128", "show");
        foreach ((Guid type, string name) in DiscoverablePartitions.Names)
        {
            Assert.Matches($@"(?m)^{name}\s+{type:N}$", known);
        }
    }

    [Fact]
    public void A_disk_of_another_project_is_read()
    {
        string path = Repository.SharedVector("gpt/gpt-valid.img");
        GptTable table = GptReader.Read(ByteSource.FromMemory(File.ReadAllBytes(path)));

        Assert.Equal(new Guid("0eab22a8-78e2-9b4d-b3fa-7fdb7366d15c"), table.DiskId);
        Assert.Equal([(34, 333), (334, 433), (434, 478)], table.Partitions.Select(p => ((int)p.FirstLba, (int)p.LastLba)));
        AssertSameAsSfdisk(path, table);
    }

    [Fact]
    public void A_damaged_primary_header_is_refused_and_with_leave_replaced_by_the_backup()
    {
        ByteSource disk = ByteSource.FromMemory(File.ReadAllBytes(Repository.SharedVector("gpt/gpt-bad-primary-crc.img")));

        Assert.Contains("the primary header has CRC32", Assert.Throws<MalformedInputException>(() => GptReader.Read(disk)).Message, StringComparison.Ordinal);
        GptTable table = GptReader.Read(disk, new() { Allow = GptDeviations.DamagedPrimary });
        Assert.Equal(3, table.Partitions.Count);
        Assert.True(table.MeasuredData.IsEmpty);
    }

    [Theory]
    [InlineData("01-setup-mode")]
    [InlineData("05-sidecars")]
    [InlineData("20-two-disks")]
    public void The_measured_data_is_what_firmware_logged(string boot)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Repository.SharedVector($"own-qemu/{boot}/case.json")));
        if (!document.RootElement.TryGetProperty("gpt_event_hex", out JsonElement hex))
        {
            Assert.Skip("the capture has no GPT event");
        }

        // The disk that was booted, as far as its table goes: the event holds the header and all used entries, which came first.
        byte[] logged = Convert.FromHexString(hex.GetString()!);
        long sectors = BinaryPrimitives.ReadInt64LittleEndian(logged.AsSpan(32)) + 1;
        byte[] head = new byte[34 * 512];
        logged.AsSpan(0, 92).CopyTo(head.AsSpan(512));
        logged.AsSpan(100).CopyTo(head.AsSpan(1024));
        GptTable table = GptReader.Read(
            ByteSource.Compose(sectors * 512, [new(0, ByteSource.FromMemory(head))]),
            new() { Allow = GptDeviations.ProtectiveMbr | GptDeviations.MissingBackup });

        Assert.Equal(logged, table.MeasuredData.ToArray());
        Assert.Equal("ESP", Assert.Single(table.Partitions).Name);
    }

    private static void AssertSameAsSfdisk(string path, GptTable table)
    {
        using JsonDocument document = JsonDocument.Parse(Oracle.Succeed("sfdisk", "--json", path));
        JsonElement json = document.RootElement.GetProperty("partitiontable");
        Assert.Equal(table.DiskId, json.GetProperty("id").GetGuid());
        Assert.Equal(table.FirstUsableLba, json.GetProperty("firstlba").GetInt64());
        Assert.Equal(table.LastUsableLba, json.GetProperty("lastlba").GetInt64());
        Assert.Equal(
            json.GetProperty("partitions").EnumerateArray().Select(p => (
                p.GetProperty("start").GetInt64(),
                p.GetProperty("size").GetInt64(),
                p.GetProperty("type").GetGuid(),
                p.GetProperty("uuid").GetGuid(),
                p.TryGetProperty("name", out JsonElement name) ? name.GetString() : "")),
            table.Partitions.Select(p => (p.FirstLba, p.Length / 512, p.TypeId, p.Id, (string?)p.Name)));
    }
}
