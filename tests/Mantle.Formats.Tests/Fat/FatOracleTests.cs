using Mantle.Formats.Bytes;
using Mantle.Formats.Fat;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Fat;

/// <summary>dosfstools and mtools say whether we are right, in both directions.</summary>
public class FatOracleTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(33)]
    [InlineData(34)]
    [InlineData(64)]
    [InlineData(260)]
    public void Fsck_finds_no_fault_and_mtools_read_every_file(int mebibytes)
    {
        FileTree tree = Sample();
        using TemporaryFolder folder = new();
        string volume = folder["volume"];
        Write(FatWriter.Layout(tree, FatTests.Options(mebibytes * FatTests.Mebibyte)), volume);

        string checkedVolume = Oracle.Succeed("fsck.fat", "-n", "-v", volume);
        Assert.DoesNotContain("Warning", checkedVolume, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("differ", checkedVolume, StringComparison.OrdinalIgnoreCase);
        string label = Oracle.Succeed("mlabel", "-s", "-i", volume, "::");
        Assert.Contains("MANTLE ESP", label, StringComparison.Ordinal);
        string listing = Oracle.Succeed("mdir", "-i", volume, "::/EFI/BOOT");
        Assert.Contains("Volume Serial Number is CAFE-0123", listing, StringComparison.Ordinal);
        Assert.Contains("BOOTX64  EFI", listing, StringComparison.Ordinal);
        Assert.Contains("2023-11-14  22:13", listing, StringComparison.Ordinal);

        Directory.CreateDirectory(folder["out"]);
        Oracle.Succeed("mcopy", "-s", "-n", "-i", volume, "::/", folder["out"]);
        AssertSame(tree, folder["out"]);
    }

    [Theory]
    [InlineData("12", 2)]
    [InlineData("16", 16)]
    [InlineData("32", 40)]
    public void What_mkfs_and_mtools_write_is_read(string kind, int mebibytes)
    {
        using TemporaryFolder folder = new();
        string volume = folder["volume"];
        using (FileStream stream = File.Create(volume))
        {
            stream.SetLength(mebibytes * FatTests.Mebibyte);
        }

        Oracle.Succeed("mkfs.vfat", "-F", kind, "-n", "LABEL X", "-i", "89abcdef", volume);
        Dictionary<string, byte[]> files = new()
        {
            ["EFI/BOOT/BOOTX64.EFI"] = Pattern(100_000),
            ["EFI/BOOT/lower.efi"] = Pattern(1),
            ["EFI/BOOT/empty"] = [],
            ["ein recht langer Name mit Ünïcödé.txt"] = Pattern(513),
            ["文件名.日本"] = Pattern(4096),
            [string.Join('/', Enumerable.Range(0, 20).Select(i => $"level-{i}")) + "/deep"] = Pattern(77),
        };
        for (int i = 0; i < 60; i++)
        {
            files[$"many/a file with a long name {i}"] = Pattern(i * 10);
        }

        foreach ((string path, byte[] content) in files)
        {
            string target = Path.Combine(folder["in"], path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, content);
        }

        Oracle.Succeed("mcopy", ["-s", "-i", volume, .. Directory.GetFileSystemEntries(folder["in"]).Order(StringComparer.Ordinal), "::/"]);

        // Free every other file of a directory and fill the volume, holes included, with one more.
        Oracle.Succeed("mdel", ["-i", volume, .. Enumerable.Range(0, 30).Select(i => $"::/many/a file with a long name {(2 * i) + 1}")]);
        for (int i = 1; i < 60; i += 2)
        {
            files.Remove($"many/a file with a long name {i}");
        }

        FatVolume holes = FatReader.Read(ByteSource.FromMemory(File.ReadAllBytes(volume)));
        files["fragmented"] = Pattern((int)(holes.FreeClusters * holes.ClusterSize));
        File.WriteAllBytes(folder["fragmented"], files["fragmented"]);
        Oracle.Succeed("mcopy", "-i", volume, folder["fragmented"], "::/fragmented");
        Oracle.Succeed("fsck.fat", "-n", volume);

        FatVolume read = FatReader.Read(ByteSource.FromMemory(File.ReadAllBytes(volume)));
        Assert.Equal($"Fat{kind}", read.Kind.ToString());
        Assert.Equal("LABEL X", read.Label);
        Assert.Equal(0x89ABCDEF, read.VolumeId);
        Assert.Equal((0, 0), (read.LostClusters, read.BadClusters));
        Dictionary<string, byte[]> found = read.Entries.Where(entry => !entry.IsDirectory).ToDictionary(entry => entry.Path, entry => entry.Content.ToArray());
        Assert.Equal(files.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(file.Value, found[file.Key]));
        Assert.Contains(read.Entries, entry => entry.Path == "fragmented" && entry.FragmentCount > 1);
    }

    [Fact]
    public void A_volume_that_says_fat32_is_fat32_however_few_clusters_it_has()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["volume"], new byte[2 * FatTests.Mebibyte]);
        Oracle.Succeed("mkfs.vfat", "-F", "32", folder["volume"]);

        Assert.Equal(FatKind.Fat32, FatReader.Read(ByteSource.FromMemory(File.ReadAllBytes(folder["volume"]))).Kind);
    }

    [Fact]
    public void Fsck_accepts_a_large_directory_and_a_full_volume()
    {
        FileTree tree = new();
        for (int i = 0; i < 3000; i++)
        {
            tree.Put($"modules/a kernel module with number {i}.ko", FileNode.Regular(ByteSource.FromMemory(Pattern(i % 7))));
        }

        tree.Put("filler", FileNode.Regular(ByteSource.Empty));
        long free = FatReader.Read(FatWriter.Layout(tree, FatTests.Options(34 * FatTests.Mebibyte))).FreeClusters;
        tree.Put("filler", FileNode.Regular(ByteSource.Zeros(free * 512)));
        using TemporaryFolder folder = new();
        ByteSource volume = FatWriter.Layout(tree, FatTests.Options(34 * FatTests.Mebibyte));
        Write(volume, folder["volume"]);

        Oracle.Succeed("fsck.fat", "-n", "-v", folder["volume"]);
        Assert.Equal(0, FatReader.Read(volume).FreeClusters);
    }

    internal static FileTree Sample()
    {
        FileTree tree = FatTests.Tree(
            "EFI/BOOT/BOOTX64.EFI", "EFI/Linux/mantle-1.2.3.efi", "loader/entries/a long entry.conf", "loader/entries/a long entry too.conf", "x",
            "ünïcödé 文件.日本語", ".hidden", "a.b.c", "exactly13char", new string('n', 200));
        tree.Put("EFI/big", FileNode.Regular(ByteSource.FromMemory(Pattern(700_001))));
        tree.Put("EFI/empty", FileNode.Regular(ByteSource.Empty));
        tree.Put("empty folder", FileNode.Directory());
        return tree;
    }

    internal static void Write(ByteSource source, string path)
    {
        using FileStream file = File.Create(path);
        using Stream stream = source.OpenStream();
        stream.CopyTo(file);
    }

    private static void AssertSame(FileTree tree, string folder)
    {
        List<string> paths = [];
        foreach ((string path, FileNode node) in tree.Walk())
        {
            paths.Add(path);
            string extracted = Path.Combine(folder, path);
            if (node.Kind == FileKind.Directory)
            {
                Assert.True(Directory.Exists(extracted), path);
            }
            else
            {
                Assert.Equal(node.Content.ToArray(), File.ReadAllBytes(extracted));
            }
        }

        Assert.Equal(
            paths.Order(StringComparer.Ordinal),
            Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path)).Order(StringComparer.Ordinal));
    }

    private static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31L % 253))];
}
