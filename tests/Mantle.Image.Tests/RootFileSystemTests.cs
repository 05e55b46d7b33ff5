using System.Globalization;
using System.Security.Cryptography;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>The root and verity partitions.</summary>
public class RootFileSystemTests(FinishedImage image)
{
    [Fact]
    public void Fsck_erofs_unpacks_exactly_the_files_of_the_manifest()
    {
        Dictionary<string, string> expected = image.Manifest.GetProperty("root").EnumerateObject().ToDictionary(file => file.Name, file => file.Value.GetString()!);
        Dictionary<string, string> actual = Files.Below(image.RootFolder).ToDictionary(path => path, path => Sha256(image.RootFolder + path));
        Assert.NotEmpty(expected);
        Assert.Equal(expected.OrderBy(file => file.Key, StringComparer.Ordinal), actual.OrderBy(file => file.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Dump_erofs_sees_the_whole_partition_the_recipes_time_and_no_feature_that_old_kernels_lack()
    {
        Dictionary<string, string> superblock = Oracle.Succeed("dump.erofs", "-s", image.Partitions["root"]).Split('\n')
            .Where(line => line.Contains(':', StringComparison.Ordinal))
            .ToDictionary(line => line[..line.IndexOf(':', StringComparison.Ordinal)], line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());

        Assert.Equal("0xE0F5E1E2", superblock["Filesystem magic number"]);
        Assert.Equal(new FileInfo(image.Partitions["root"]).Length, 4096 * long.Parse(superblock["Filesystem blocks"], CultureInfo.InvariantCulture));
        Assert.Equal("mtime sb_csum", string.Join(' ', superblock["Filesystem features"].Split(' ').Order(StringComparer.Ordinal)));
        Assert.Contains("EROFS filesystem", Oracle.Succeed("file", "--brief", image.Partitions["root"]), StringComparison.Ordinal);

        string created = Oracle.Succeed("env", "TZ=UTC", Oracle.Require("dump.erofs"), "-s", image.Partitions["root"]).Split('\n')
            .Single(line => line.StartsWith("Filesystem created:", StringComparison.Ordinal))["Filesystem created:".Length..].Trim();
        DateTime time = DateTime.ParseExact(created, "ddd MMM d HH:mm:ss yyyy", CultureInfo.InvariantCulture, DateTimeStyles.AllowInnerWhite | DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(image.Manifest.GetProperty("epoch").GetInt64()).UtcDateTime, time);
    }

    [Fact]
    public void Every_file_carries_the_recipes_time()
    {
        string epoch = image.Manifest.GetProperty("epoch").GetInt64().ToString(CultureInfo.InvariantCulture);
        string[] times = Oracle.Succeed("find", image.RootFolder, "-mindepth", "1", "-printf", "%Ts\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(times);
        Assert.All(times, time => Assert.Equal(epoch, time));
    }

    [Fact]
    public void Veritysetup_verifies_the_root_with_the_manifests_root_hash_and_no_other()
    {
        string[] devices = [image.Partitions["root"], image.Partitions["root-verity"]];
        Oracle.Succeed("veritysetup", ["verify", .. devices, image.RootHash]);

        string other = (image.RootHash[0] == '0' ? '1' : '0') + image.RootHash[1..];
        Assert.NotEqual(0, Oracle.Run("veritysetup", ["verify", .. devices, other]).ExitCode);
    }

    [Fact]
    public void Veritysetup_makes_the_same_hash_tree_from_the_root()
    {
        using TemporaryFolder folder = new();
        Dictionary<string, string> header = Oracle.Succeed("veritysetup", "dump", image.Partitions["root-verity"]).Split('\n')
            .Where(line => line.Contains(':', StringComparison.Ordinal))
            .ToDictionary(line => line.Split(':')[0].Trim(), line => line.Split(':')[1].Trim());
        File.WriteAllText(folder["tree"], "");
        string report = Oracle.Succeed(
            "veritysetup", "format", $"--salt={header["Salt"]}", $"--uuid={header["UUID"]}", image.Partitions["root"], folder["tree"]);

        Assert.Contains(image.RootHash, report, StringComparison.Ordinal);
        Oracle.Succeed("cmp", "-n", new FileInfo(folder["tree"]).Length.ToString(CultureInfo.InvariantCulture), folder["tree"], image.Partitions["root-verity"]);
    }

    [Fact]
    public void The_command_line_names_the_root_hash_once()
    {
        string[] words = File.ReadAllText(image.Sections[".cmdline"]).Split(' ');
        Assert.Equal([$"roothash={image.RootHash}"], words.Where(word => word.Contains("root", StringComparison.Ordinal)));
    }

    private static string Sha256(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
