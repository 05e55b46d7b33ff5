using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Measure.Comparison;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Comparison;

/// <summary>Images of foreign tools, and images that are broken.</summary>
public class ComparisonOracleTests
{
    [Fact]
    public void The_first_differing_byte_is_the_one_that_cmp_names()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[1_000_000];
        File.WriteAllBytes(folder["a"], bytes);
        bytes[777_777] = 1;
        File.WriteAllBytes(folder["b"], bytes);
        Difference only = Assert.Single(ImageComparer.Compare(ByteSource.OpenFile(folder["a"]), ByteSource.OpenFile(folder["b"])).Differences);
        (_, string output, _) = Oracle.Run("cmp", [folder["a"], folder["b"]]);
        Assert.Contains($"byte {only.Bytes!.Offset + 1},", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-U11111111-2222-3333-4444-000000000002", "uuid", LikelyCause.Identifier)]
    [InlineData("-T1700000001", "build time", LikelyCause.TimeStamp)]
    [InlineData("--force-uid=7", "owner", LikelyCause.Owner)]
    public void What_mkfs_erofs_was_told_otherwise_is_named(string option, string field, LikelyCause cause)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["tree"]);
        File.WriteAllText(Path.Combine(folder["tree"], "file"), "content");
        string[] usual = ["-U11111111-2222-3333-4444-000000000001", "-T1700000000", "--force-uid=0", "--force-gid=0"];
        Oracle.Succeed("mkfs.erofs", [.. usual, folder["a"], folder["tree"]]);
        Oracle.Succeed("mkfs.erofs", [.. usual.Where(word => word[..3] != option[..3] || option.StartsWith("--", StringComparison.Ordinal)), option, folder["b"], folder["tree"]]);
        ImageComparison comparison = ImageComparer.Compare(ByteSource.OpenFile(folder["a"]), ByteSource.OpenFile(folder["b"]));
        Assert.Contains(comparison.Differences, difference => difference.Field == field && difference.Cause == cause);
        Assert.DoesNotContain(comparison.Notes, note => !note.Contains("PCRs", StringComparison.Ordinal));
    }

    [Fact]
    public void A_volume_id_of_mkfs_vfat_is_named()
    {
        using TemporaryFolder folder = new();
        Oracle.Succeed("mkfs.vfat", "-C", "-i", "11111111", folder["a"], "4096");
        Oracle.Succeed("mkfs.vfat", "-C", "-i", "22222222", folder["b"], "4096");
        Difference only = Assert.Single(ImageComparer.Compare(ByteSource.OpenFile(folder["a"]), ByteSource.OpenFile(folder["b"])).Differences);
        Assert.Equal(("fat volume", "volume id", "11111111", "22222222"), (only.Place, only.Field, only.A, only.B));
    }

    [Fact]
    public void A_broken_image_is_compared_as_far_as_it_can_be()
    {
        byte[] disk = new TestImage().Disk().ToArray();
        ByteSource original = ByteSource.FromMemory(disk);
        Gen.Select(Gen.Int[0, disk.Length - 1], Gen.Byte[1, 255], Gen.Int[0, 3]).Sample(
            (at, flip, cut) =>
            {
                byte[] broken = cut == 0 ? disk[..at] : [.. disk];
                if (cut > 0)
                {
                    broken[at] ^= flip;
                }

                ImageComparison comparison = ImageComparer.Compare(original, ByteSource.FromMemory(broken));
                return !comparison.AreEqual && comparison.First is not null;
            },
            iter: 150,
            threads: 1);
    }
}
