using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>image.raw: its partition table and the EFI system partition.</summary>
public class DiskTests(FinishedImage image)
{
    private const string BootFile = "::/EFI/BOOT/BOOTX64.EFI";

    [Fact]
    public void Sgdisk_and_sfdisk_find_no_fault_in_the_partition_table()
    {
        Assert.Contains("No problems found.", Oracle.Succeed("sgdisk", "--verify", FinishedImage.Disk), StringComparison.Ordinal);
        Assert.Contains("No errors detected.", Oracle.Succeed("sfdisk", "--verify", FinishedImage.Disk), StringComparison.Ordinal);
        Assert.Equal("gpt", image.Table.GetProperty("label").GetString());
        Assert.StartsWith("DOS/MBR boot sector; partition 1 : ID=0xee", Oracle.Succeed("file", "--brief", FinishedImage.Disk), StringComparison.Ordinal);
    }

    [Fact]
    public void Partitions_have_the_types_and_identifiers_of_the_discoverable_partitions_specification()
    {
        // UAPI.2: the first 128 bits of the root hash name the root partition, the last 128 bits its verity partition.
        string hash = image.RootHash;
        Assert.Equal(
            [
                ("ESP", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", null, null),
                ("root", "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", Uuid(hash[..32]), "GUID:60"),
                ("root-verity", "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5", Uuid(hash[32..]), "GUID:60"),
            ],
            image.Table.GetProperty("partitions").EnumerateArray().Select((partition, i) =>
                (Text(partition, "name"), Text(partition, "type"), i == 0 ? null : Text(partition, "uuid"), Text(partition, "attrs"))));
    }

    [Fact]
    public void No_two_identifiers_of_the_disk_are_equal()
    {
        string[] identifiers = [image.Table.GetProperty("id").GetString()!, .. image.Table.GetProperty("partitions").EnumerateArray().Select(p => Text(p, "uuid")!)];
        Assert.Equal(identifiers.Distinct(), identifiers);
    }

    [Fact]
    public void Fsck_fat_finds_no_fault_in_the_system_partition()
    {
        string report = Oracle.Succeed("fsck.fat", "-n", "-v", image.Partitions["ESP"]);
        Assert.Contains("32 bit entries", report, StringComparison.Ordinal);
        Assert.DoesNotContain("differ", report, StringComparison.Ordinal);
    }

    [Fact]
    public void The_system_partition_holds_the_uki_as_boot_file_and_nothing_else()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(
            ["::/EFI/", "::/EFI/BOOT/", BootFile],
            Oracle.Succeed("mdir", "-i", image.Partitions["ESP"], "-/", "-a", "-b", "::").Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Oracle.Succeed("mcopy", "-i", image.Partitions["ESP"], BootFile, folder["boot.efi"]);
        Oracle.Succeed("cmp", folder["boot.efi"], FinishedImage.Uki);
    }

    [Fact]
    public void Space_between_and_behind_the_partitions_is_empty()
    {
        using FileStream disk = File.OpenRead(FinishedImage.Disk);
        int sector = image.Table.GetProperty("sectorsize").GetInt32();
        long position = 34;
        foreach (JsonElement partition in image.Table.GetProperty("partitions").EnumerateArray())
        {
            long start = partition.GetProperty("start").GetInt64();
            AssertZero(disk, position * sector, start * sector);
            position = start + partition.GetProperty("size").GetInt64();
        }

        AssertZero(disk, position * sector, (image.Table.GetProperty("lastlba").GetInt64() + 1) * sector);
    }

    [Fact]
    public void The_image_occupies_at_most_80_megabytes()
    {
        long allocated = long.Parse(Oracle.Succeed("du", "--block-size=1", FinishedImage.Disk).Split('\t')[0], CultureInfo.InvariantCulture);
        Assert.InRange(allocated, 1, 80_000_000);
    }

    [Fact]
    public void Every_output_has_the_size_and_digest_that_the_manifest_gives()
    {
        JsonElement[] outputs = [.. image.Manifest.GetProperty("outputs").EnumerateArray()];
        Assert.Equal(["audit.json", "image.raw", "measurements.json", "sbom.spdx.json", "uki.efi"], outputs.Select(output => Text(output, "name")).Order(StringComparer.Ordinal));
        foreach (JsonElement output in outputs)
        {
            string path = BuildOutput.Require("out", Text(output, "name")!);
            using FileStream file = File.OpenRead(path);
            Assert.Equal((output.GetProperty("size").GetInt64(), Text(output, "sha256")), (file.Length, Convert.ToHexStringLower(SHA256.HashData(file))));
        }
    }

    private static void AssertZero(FileStream disk, long from, long to)
    {
        byte[] gap = new byte[to - from];
        disk.Position = from;
        disk.ReadExactly(gap);
        Assert.Equal(-1, gap.AsSpan().IndexOfAnyExcept((byte)0));
    }

    private static string Uuid(string digits) => Guid.ParseExact(digits, "N").ToString().ToUpperInvariant();

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
