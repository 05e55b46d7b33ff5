using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Packages.Cache;

public class PackageCacheTests
{
    [Fact]
    public void A_package_opens_the_same_cold_and_warm_and_without_its_deb()
    {
        using CachedPackages packages = new();
        packages.PutBlob();

        UnpackedPackage cold = packages.Cache.Open(packages.Package);
        string[] first = Describe(cold);
        File.Delete(packages.BlobPath);
        UnpackedPackage warm = packages.Reopen().Open(packages.Package);

        Assert.Equal(first, Describe(warm));
        Assert.Equal(packages.Content, warm.Files.Root.Children["usr"].Children["tool"].Content.ToArray());
        Assert.Equal("Package: tool\nVersion: 1\n"u8, warm.Control["control"]);
        Assert.Equal("tool", warm.Files.Root.Children["usr"].Origin);
    }

    [Fact]
    public void Each_open_gives_a_tree_of_its_own()
    {
        using CachedPackages packages = new();
        packages.PutBlob();

        packages.Cache.Open(packages.Package).Files.Remove("usr/tool");

        Assert.True(packages.Cache.Open(packages.Package).Files.TryFind("usr/tool", out _));
    }

    [Fact]
    public void The_folder_is_its_owners_alone()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);

        foreach (string folder in (string[])["", "blobs", "unpacked", "partial", "temporary", $"unpacked/{packages.Package.Sha256}"])
        {
            Assert.Equal("700", Oracle.Succeed("stat", "-c", "%a", Path.Combine(packages.CachePath, folder)).Trim());
        }
    }

    [Fact]
    public void A_folder_that_others_may_write_to_is_refused()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["shared"]);
        Oracle.Succeed("chmod", "0775", folder["shared"]);

        UserErrorException error = Assert.Throws<UserErrorException>(() => new PackageCache(folder["shared"]));

        Assert.Equal($"run: chmod go-w {folder["shared"]}", error.Hint);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_an_error_of_the_user()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["file"], "");

        Assert.Equal(ExitCode.Environment, Assert.Throws<UserErrorException>(() => new PackageCache(folder["file/cache"])).Code);
    }

    [Fact]
    public void A_hash_of_the_lock_that_is_no_hash_never_becomes_a_path()
    {
        using CachedPackages packages = new();

        Assert.Throws<UserErrorException>(() => packages.Cache.Open(packages.Package with { Sha256 = "../../../../etc/passwd" }));
    }

    [Fact]
    public void Any_flipped_byte_of_unpacked_data_is_repaired_when_it_is_read()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);
        byte[] data = File.ReadAllBytes(packages.Unpacked("data.tar"));
        Gen.Int[0, data.Length - 1].Sample(
            offset =>
            {
                Flip(packages.Unpacked("data.tar"), offset);
                PackageCache cache = packages.Reopen();
                FileTree tree = cache.Open(packages.Package).Files;
                Assert.Equal(packages.Content, tree.Root.Children["usr"].Children["tool"].Content.ToArray());
                Assert.Equal("tool"u8, tree.Root.Children["usr"].Children[new string('l', 150)].Content.ToArray());
                File.WriteAllBytes(packages.Unpacked("data.tar"), data);
            },
            iter: 60,
            threads: 1);
    }

    [Fact]
    public void A_flipped_byte_of_a_file_is_repaired_on_disk_too()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);
        byte[] data = File.ReadAllBytes(packages.Unpacked("data.tar"));
        Flip(packages.Unpacked("data.tar"), 200_000);

        byte[] part = new byte[10];
        packages.Reopen().Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content.ReadExactly(199_000, part);

        Assert.Equal(packages.Content[199_000..199_010], part);
        Assert.Equal(data, File.ReadAllBytes(packages.Unpacked("data.tar")));
    }

    [Fact]
    public void Damage_that_appears_after_opening_is_repaired_for_all_readers()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);
        ByteSource content = packages.Reopen().Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content;
        ByteSource again = packages.Cache.Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content;
        File.WriteAllBytes(packages.Unpacked("data.tar"), new byte[70_000]);

        Parallel.For(0, 8, i => Assert.Equal(packages.Content, (i % 2 == 0 ? content : again).ToArray()));
    }

    [Theory]
    [InlineData("index")]
    [InlineData("data.tar")]
    public void A_truncated_or_missing_entry_is_made_again(string name)
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);
        byte[] whole = File.ReadAllBytes(packages.Unpacked(name));
        foreach (int length in (int[])[whole.Length - 1, whole.Length / 2, 40, 1, 0, -1])
        {
            if (length < 0)
            {
                File.Delete(packages.Unpacked(name));
            }
            else
            {
                File.WriteAllBytes(packages.Unpacked(name), whole[..length]);
            }

            FileTree tree = packages.Reopen().Open(packages.Package).Files;

            Assert.Equal(packages.Content, tree.Root.Children["usr"].Children["tool"].Content.ToArray());
            Assert.Equal(whole, File.ReadAllBytes(packages.Unpacked(name)));
        }
    }

    [Fact]
    public void Any_flipped_bit_of_an_index_is_noticed()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);
        byte[] index = File.ReadAllBytes(packages.Unpacked("index"));
        Gen.Int[0, (index.Length * 8) - 1].Sample(bit =>
        {
            byte[] damaged = [.. index];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(UnpackedIndex.TryRead(damaged, packages.Package.Sha256, out _));
        });
        Assert.True(UnpackedIndex.TryRead(index, packages.Package.Sha256, out _));
        Assert.False(UnpackedIndex.TryRead(index, new string('0', 64), out _));
    }

    [Fact]
    public async Task A_damaged_deb_is_fetched_again()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        Flip(packages.BlobPath, 1000);
        File.WriteAllBytes(packages["x.deb"], packages.Deb);

        await packages.FetchAsync(new Uri(packages["x.deb"]));

        Assert.Equal(packages.Deb, File.ReadAllBytes(packages.BlobPath));
        packages.Cache.Open(packages.Package);
    }

    [Fact]
    public async Task With_both_the_data_and_the_deb_damaged_the_error_says_to_run_again_and_that_helps()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);
        Flip(packages.BlobPath, 1000);
        Flip(packages.Unpacked("data.tar"), 100_000);
        ByteSource content = packages.Reopen().Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content;

        UserErrorException error = Assert.Throws<UserErrorException>(() => content.ToArray());
        Assert.Equal("package \"tool\" 1.0-1 is not in the cache, or was damaged and has been removed", error.Message["cache: ".Length..]);
        Assert.Contains("run the command again", error.Hint, StringComparison.Ordinal);

        packages.Reopen();
        File.WriteAllBytes(packages["x.deb"], packages.Deb);
        await packages.FetchAsync(new Uri(packages["x.deb"]));
        Assert.Equal(packages.Content, packages.Cache.Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content.ToArray());
    }

    [Fact]
    public void A_malformed_package_with_the_right_hash_is_refused_by_name_and_leaves_nothing()
    {
        using CachedPackages packages = new();
        byte[] deb = DebBuilder.Package("evil", DebBuilder.File("../up", "x"));
        LockedPackage evil = CachedPackages.Lock("evil", deb);
        string blob = Path.Combine(packages.CachePath, "blobs", "sha256", evil.Sha256[..2], evil.Sha256);
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        File.WriteAllBytes(blob, deb);

        UserErrorException error = Assert.Throws<UserErrorException>(() => packages.Cache.Open(evil));

        Assert.StartsWith("package \"evil\" 1.0-1: tar: path \"../up\"", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Malformed, error.Code);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(packages.CachePath, "temporary")));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(packages.CachePath, "unpacked")));
    }

    [Fact]
    public void Leftovers_of_a_killed_build_are_swept_after_a_day_and_not_before()
    {
        using CachedPackages packages = new();
        string[] old = [Path.Combine(packages.CachePath, "temporary", "a.1.1"), Path.Combine(packages.CachePath, "partial", "a.0")];
        string fresh = Path.Combine(packages.CachePath, "temporary", "b.1.1");
        foreach (string path in (string[])[.. old, fresh])
        {
            File.WriteAllText(path, "x");
        }

        Array.ForEach(old, path => File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-25)));
        packages.Reopen();

        Assert.All(old, path => Assert.False(File.Exists(path)));
        Assert.True(File.Exists(fresh));
    }

    [Fact]
    public void Many_threads_may_unpack_the_same_package_at_once()
    {
        using CachedPackages packages = new();
        packages.PutBlob();

        Parallel.For(0, 8, _ =>
        {
            using PackageCache cache = new(packages.CachePath);
            Assert.Equal(packages.Content, cache.Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content.ToArray());
            Assert.Equal(packages.Content, packages.Cache.Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content.ToArray());
        });

        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(packages.CachePath, "temporary")));
    }

    [Fact]
    public void Any_range_of_a_verified_file_equals_the_range_of_the_file()
    {
        using CachedPackages packages = new();
        packages.PutBlob();
        packages.Cache.Open(packages.Package);
        Gen.Select(Gen.Int[0, 300_000], Gen.Int[0, 300_000]).Array[1, 6].Sample(
            ranges =>
            {
                using PackageCache cache = new(packages.CachePath);
                ByteSource content = cache.Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content;
                foreach ((int a, int b) in ranges)
                {
                    byte[] part = new byte[Math.Abs(a - b)];
                    content.ReadExactly(Math.Min(a, b), part);
                    Assert.True(part.AsSpan().SequenceEqual(packages.Content.AsSpan(Math.Min(a, b), part.Length)));
                }
            },
            iter: 100);
    }

    private static string[] Describe(UnpackedPackage package) =>
    [
        .. package.Files.Walk().Select(entry => $"{entry.Path} {entry.Node.Mode:x} {entry.Node.Content.Length} {entry.Node.LinkTarget} {entry.Node.ModifiedSeconds}"),
        .. package.Control.Keys,
    ];

    private static void Flip(string path, int offset)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[offset] ^= 0x40;
        File.WriteAllBytes(path, bytes);
    }
}
