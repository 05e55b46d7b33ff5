using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Fat;
using Mantle.Formats.Tests.Cpio;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Fat;

public class FatTests
{
    internal const long Mebibyte = 1 << 20;
    private const long Epoch = 1_700_000_000;

    private static readonly string[] s_names =
    [
        "A", "EFI", "BOOTX64.EFI", "readme.txt", "Readme", "long name with spaces.html", "ünïcödé 文件.日本語", "𝄞 clef", ".hidden", "a.b.c", "x~1", "X~2",
        "exactly13char", "exactly26characters-in-all", new string('z', 255), " leading", "+plus+.x,y", "NUL~1.TXT", "UPPER.lower",
    ];

    [Fact]
    public void Any_tree_survives_writing_and_reading() =>
        AnyTree(35 * Mebibyte).Sample(sample => AssertSame(sample.Tree, FatWriter.Layout(sample.Tree, sample.Options)), iter: 60, threads: 2);

    [Fact]
    public void Any_tree_survives_on_a_small_volume() =>
        AnyTree(3 * Mebibyte).Sample(sample => AssertSame(sample.Tree, FatWriter.Layout(sample.Tree, sample.Options)), iter: 200, threads: 2);

    [Theory]
    [InlineData(3, FatKind.Fat16, 512)]
    [InlineData(8, FatKind.Fat16, 1024)]
    [InlineData(33, FatKind.Fat16, 4096)]
    [InlineData(34, FatKind.Fat32, 512)]
    [InlineData(64, FatKind.Fat32, 512)]
    [InlineData(100, FatKind.Fat32, 1024)]
    [InlineData(300, FatKind.Fat32, 4096)]
    [InlineData(100_000, FatKind.Fat32, 4096)]
    public void The_kind_of_volume_follows_from_its_size(long mebibytes, FatKind kind, int clusterSize)
    {
        FatGeometry geometry = FatGeometry.For(mebibytes * Mebibyte)!;

        Assert.Equal((kind, clusterSize), (geometry.Kind, geometry.ClusterSize));
        Assert.Equal(0, geometry.ClusterOffset(2) % 4096);
    }

    [Fact]
    public void Every_size_from_34_mebibytes_on_has_a_valid_number_of_clusters_and_a_table_for_them() =>
        Gen.Long[34 * Mebibyte / 512, 64 * 1024 * Mebibyte / 512].Sample(sectors =>
        {
            FatGeometry geometry = FatGeometry.For(sectors * 512)!;
            Assert.InRange(geometry.ClusterCount, 65_525, 0x0FFFFFF4);
            Assert.True(geometry.TableSectors * 512 >= (geometry.ClusterCount + 2) * 4);
            Assert.True(geometry.FirstDataSector + (geometry.ClusterCount * geometry.SectorsPerCluster) <= sectors);
        });

    [Fact]
    public void Free_space_is_not_held_in_memory()
    {
        ByteSource volume = FatWriter.Layout(Tree("a"), new() { SizeBytes = 1L << 40, VolumeId = 1, TimeSeconds = 0 });

        Assert.Equal(1L << 40, volume.Length);
        Assert.Equal(0xEB, volume.Slice(0, 1).ToArray()[0]);
    }

    [Theory]
    [InlineData("BOOTX64.EFI", "BOOTX64 EFI")]
    [InlineData("EFI", "EFI        ")]
    [InlineData("readme.txt", "README  TXT")]
    [InlineData("long file name.html", "LONGFI~1HTM")]
    [InlineData("a.b.c", "AB~1    C  ")]
    [InlineData(".profile", "PROFIL~1   ")]
    [InlineData("日本.txt", "__~1    TXT")]
    [InlineData("a+b", "A_B~1      ")]
    [InlineData(" x", "X~1        ")]
    public void Short_names_are_made_as_systems_make_them(string name, string packed) => Assert.Equal([packed], ShortNames.Assign([name]));

    [Fact]
    public void Numbered_short_names_avoid_each_other_and_the_names_that_are_short_already()
    {
        string[] names = [.. Enumerable.Range(0, 12).Select(i => $"longname number {i}"), "LONGNA~3", "longna~5"];

        Assert.Equal(
            ["LONGNA~1", "LONGNA~2", "LONGNA~4", "LONGNA~6", "LONGNA~7", "LONGNA~8", "LONGNA~9", "LONGN~10", "LONGN~11", "LONGN~12", "LONGN~13", "LONGN~14", "LONGNA~3", "LONGNA~5"],
            ShortNames.Assign(names).Select(name => name.Trim()));
    }

    [Fact]
    public void Names_that_are_short_already_have_no_long_name()
    {
        FatVolume volume = FatReader.Read(FatWriter.Layout(Tree("EFI/BOOT/BOOTX64.EFI"), Options(34 * Mebibyte)));
        byte[] root = volume.Entries[0].Content.ToArray();

        Assert.Equal(["EFI", "EFI/BOOT", "EFI/BOOT/BOOTX64.EFI"], volume.Entries.Select(entry => entry.Path));
        Assert.Equal(".          ..         BOOT       ", $"{Name(root, 0)}{Name(root, 32)}{Name(root, 64)}");
        Assert.DoesNotContain(root[96..], b => b != 0);
        Assert.Equal("MANTLE ESP", volume.Label);
        Assert.Equal(0xCAFE0123, volume.VolumeId);
        Assert.Equal((long?)volume.FreeClusters, (long?)volume.ClaimedFreeClusters);
        Assert.Equal((0, 0), (volume.LostClusters, volume.BadClusters));

        static string Name(byte[] bytes, int at) => Encoding.ASCII.GetString(bytes, at, 11);
    }

    [Theory]
    [InlineData(1_700_000_000, 1_700_000_000)]
    [InlineData(1_700_000_001, 1_700_000_000)]
    [InlineData(0, 315_532_800)]
    [InlineData(1L << 40, 4_354_819_198)]
    public void Times_are_rounded_down_to_what_fat_can_say(long written, long read)
    {
        FatVolume volume = FatReader.Read(FatWriter.Layout(Tree("d/f"), new() { SizeBytes = 3 * Mebibyte, VolumeId = 1, TimeSeconds = written }));

        Assert.All(volume.Entries, entry => Assert.Equal((read, read), (entry.ModifiedSeconds, entry.CreatedSeconds)));
    }

    [Fact]
    public void A_tree_that_fat_cannot_hold_is_refused()
    {
        Refused("is a SymbolicLink", tree => tree.Put("l", FileNode.SymbolicLink("x")));
        Refused("a FAT file at most", tree => tree.Put("f", FileNode.Regular(ByteSource.Zeros(1L << 32))));
        Refused("differs from another name in case only", tree => Put(tree, "abc", "ABC"));
        Refused("has a character", tree => Put(tree, "a:b"));
        Refused("has a character", tree => Put(tree, "a\nb"));
        Refused("ends with a dot", tree => Put(tree, "a."));
        Refused("256 UTF-16 units", tree => Put(tree, new string('a', 256)));
        Refused("not valid UTF-8", tree => Put(tree, "a\udcff"));
        Refused("36 MiB are enough", tree => tree.Put("f", FileNode.Regular(ByteSource.Zeros(35 * Mebibyte))));
    }

    [Fact]
    public void The_smallest_size_is_enough_and_one_mebibyte_less_is_not()
    {
        FileTree tree = Tree("EFI/BOOT/x");
        tree.Put("EFI/Linux/uki.efi", FileNode.Regular(ByteSource.Zeros(77_777_777)));
        long size = FatWriter.SmallestSize(tree);

        FatReader.Read(FatWriter.Layout(tree, Options(size)));
        Assert.Throws<ArgumentException>(() => FatWriter.Layout(tree, Options(size - Mebibyte)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Mebibyte)]
    [InlineData((40 * Mebibyte) + 1)]
    [InlineData(long.MaxValue / 512 * 512)]
    public void A_size_that_no_volume_has_is_refused(long size) =>
        Assert.Contains("a volume cannot have", Assert.Throws<ArgumentException>(() => FatWriter.Layout(new(), Options(size))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("lower")]
    [InlineData("TWELVE CHARS")]
    [InlineData(" X")]
    public void A_label_that_no_volume_has_is_refused(string label) =>
        Assert.Throws<ArgumentException>(() => FatWriter.Layout(new(), new() { SizeBytes = 3 * Mebibyte, VolumeId = 1, TimeSeconds = 0, VolumeLabel = label }));

    [Fact]
    public void Unsound_volumes_are_refused()
    {
        Unsound("no boot sector", (disk, _) => disk[510] = 0);
        Unsound("no such volume", (disk, _) => disk[13] = 3);
        Unsound("clusters do not suit", (disk, _) => disk[22] = 1);
        Unsound("allocation table 2 differs from the first at offset", (disk, g) => disk[(int)g.TableOffset(1) + 100] = 1);
        Unsound("belongs to two files", (disk, g) => Entry(disk, g, "B")[26] = Entry(disk, g, "A")[26]);
        Unsound("more than the 2 clusters", (disk, g) => Link(disk, g, Cluster(disk, g, "A") + 1, Cluster(disk, g, "A")));
        Unsound("\"A\" has 700 bytes but only 1 clusters", (disk, g) => Link(disk, g, Cluster(disk, g, "A"), 0xFFFF));
        Unsound("a chain runs into cluster 0", (disk, g) => Link(disk, g, Cluster(disk, g, "A"), 0));
        Unsound("a chain runs into a bad cluster", (disk, g) => Link(disk, g, Cluster(disk, g, "A"), 0xFFF7));
        Unsound("a chain has more", (disk, g) => Entry(disk, g, "A")[29] = 0);
        Unsound("has 700 bytes and starts at cluster 0", (disk, g) => Entry(disk, g, "A").Slice(26, 2).Clear());
        Unsound("no such time", (disk, g) => Entry(disk, g, "A").Slice(24, 2).Fill(0xFF));
        Unsound("does not belong to the short name", (disk, g) => Entry(disk, g, "LONGNA~1")[0] = (byte)'M');
        Unsound("long name entries are out of order", (disk, g) => Entry(disk, g, "LONGNA~1", -1)[0] = 2);
        Unsound("a long name has no short name", (disk, g) => Entry(disk, g, "LONGNA~1")[0] = 0xE5);
        Unsound("goes on behind its end", (disk, g) => Entry(disk, g, "C")[0] = 0);
        Unsound("is there twice", (disk, g) => Entry(disk, g, "B")[0] = (byte)'A');
        Unsound("short name has a character", (disk, g) => Entry(disk, g, "B")[0] = (byte)'/');
        Unsound("volume label outside", (disk, g) => Entry(disk, g, "B")[11] = FatFormat.VolumeLabel);
        Unsound("lead elsewhere", (disk, g) => disk[(int)g.ClusterOffset(Cluster(disk, g, "D")) + 26]++);
        Unsound("lead elsewhere", (disk, g) => disk[(int)g.ClusterOffset(Cluster(disk, g, "D")) + 32 + 26]++);
        Unsound("is no file name", (disk, g) =>
        {
            Span<byte> part = Entry(disk, g, "LONGNA~1", -1);
            part[1] = (byte)'/';
        });
    }

    [Fact]
    public void Clusters_that_no_file_uses_are_counted()
    {
        byte[] disk = FatWriter.Layout(SoundTree(), Options(3 * Mebibyte)).ToArray();
        FatGeometry geometry = FatGeometry.For(disk.Length)!;
        Link(disk, geometry, 4000, 0xFFFF);
        Link(disk, geometry, 4001, 0xFFF7);
        FatVolume volume = FatReader.Read(ByteSource.FromMemory(disk));

        Assert.Equal((1, 1), (volume.LostClusters, volume.BadClusters));
    }

    [Fact]
    public void Mangled_volumes_are_read_or_refused()
    {
        byte[] disk = FatWriter.Layout(SoundTree(), Options(3 * Mebibyte)).ToArray();
        FatGeometry geometry = FatGeometry.For(disk.Length)!;
        IEnumerable<int> tables = Enumerable.Range((int)geometry.TableOffset(0), 40);
        int[] interesting = [.. Enumerable.Range(0, 62), .. Enumerable.Range((int)geometry.RootOffset, 300), .. Enumerable.Range((int)geometry.ClusterOffset(2), 128), .. tables];
        Mangling.Survive(disk, source => FatPrinter.Print(TextWriter.Null, FatReader.Read(source)), interesting, iterations: 1000);

        // Both tables alike, or the comparison stops everything else.
        Gen.Select(Gen.Int[0, 39], Gen.Byte).Array[1, 6].Sample(
            changes =>
            {
                byte[] bytes = [.. disk];
                foreach ((int at, byte value) in changes)
                {
                    bytes[(int)geometry.TableOffset(0) + at] = bytes[(int)geometry.TableOffset(1) + at] = value;
                }

                try
                {
                    FatReader.ReadTree(ByteSource.FromMemory(bytes));
                }
                catch (MalformedInputException)
                {
                }
            },
            iter: 300);
    }

    [Fact]
    public void Mangled_fat32_volumes_are_read_or_refused()
    {
        byte[] disk = FatWriter.Layout(SoundTree(), Options(34 * Mebibyte)).ToArray();
        FatGeometry geometry = FatGeometry.For(disk.Length)!;
        int table = (int)geometry.TableOffset(0);
        int tableLength = (int)geometry.TableSectors * 512;
        int[] places = [.. Enumerable.Range(0, 90), .. Enumerable.Range(table, 60), .. Enumerable.Range((int)geometry.ClusterOffset(2), 300), .. Enumerable.Range((int)geometry.ClusterOffset(3), 96)];
        int read = 0;
        Gen.Select(Gen.Int[0, places.Length - 1], Gen.Byte).Array[1, 4].Sample(
            changes =>
            {
                List<(int At, byte Before)> undo = [];
                foreach ((int place, byte value) in changes)
                {
                    // What is there twice is changed twice, or the comparison stops everything else.
                    int at = places[place];
                    int twin = at < 512 ? at + (6 * 512) : at < table + 60 ? at + tableLength : at;
                    undo.Insert(0, (at, disk[at]));
                    undo.Insert(0, (twin, disk[twin]));
                    disk[at] = disk[twin] = value;
                }

                try
                {
                    FatReader.ReadTree(ByteSource.FromMemory(disk));
                    read++;
                }
                catch (MalformedInputException)
                {
                }

                undo.ForEach(change => disk[change.At] = change.Before);
            },
            iter: 1000,
            threads: 1);
        Assert.InRange(read, 1, 999);
        FatReader.Read(ByteSource.FromMemory(disk));
    }

    [Fact]
    public void The_printer_shows_volume_and_entries()
    {
        FileTree tree = new();
        tree.Put("EFI/BOOT/BOOTX64.EFI", FileNode.Regular(TreeText.Bytes("x")));
        tree.Put("notes\u202e", FileNode.Regular(ByteSource.Empty));
        StringWriter output = new();
        FatPrinter.Print(output, FatReader.Read(FatWriter.Layout(tree, Options(34 * Mebibyte))));

        Assert.Equal(
            """
            fat32 volume CAFE-0123 "MANTLE ESP", 35651584 bytes
              clusters    68528 of 512 bytes, 68524 free, 0 bad, 0 lost
            ----d-        512        3 2023-11-14T22:13:20Z EFI/ (EFI)
            -----a          0        0 2023-11-14T22:13:20Z notes\u202e (NOTES_~1)
            ----d-        512        4 2023-11-14T22:13:20Z EFI/BOOT/ (BOOT)
            -----a          1        5 2023-11-14T22:13:20Z EFI/BOOT/BOOTX64.EFI (BOOTX64.EFI) sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881

            """,
            output.ToString());
    }

    internal static FatOptions Options(long size) => new() { SizeBytes = size, VolumeId = 0xCAFE0123, VolumeLabel = "MANTLE ESP", TimeSeconds = Epoch };

    internal static FileTree Tree(params string[] paths)
    {
        FileTree tree = new();
        Put(tree, paths);
        return tree;
    }

    private static FileTree SoundTree()
    {
        FileTree tree = Tree("D/E", "longname with long entries", "C");
        tree.Put("A", FileNode.Regular(ByteSource.FromMemory(Enumerable.Repeat((byte)'a', 700).ToArray())));
        tree.Put("B", FileNode.Regular(ByteSource.FromMemory(Enumerable.Repeat((byte)'b', 1025).ToArray())));
        return tree;
    }

    private static void Put(FileTree tree, params string[] paths)
    {
        foreach (string path in paths)
        {
            tree.Put(path, FileNode.Regular(TreeText.Bytes(path)));
        }
    }

    private static void Refused(string problem, Action<FileTree> fill)
    {
        FileTree tree = new();
        fill(tree);
        Assert.Contains(problem, Assert.Throws<ArgumentException>(() => FatWriter.Layout(tree, Options(34 * Mebibyte))).Message, StringComparison.Ordinal);
    }

    private static void Unsound(string problem, Action<byte[], FatGeometry> damage)
    {
        byte[] disk = FatWriter.Layout(SoundTree(), Options(3 * Mebibyte)).ToArray();
        damage(disk, FatGeometry.For(disk.Length)!);
        Assert.Contains(problem, Assert.Throws<MalformedInputException>(() => FatReader.Read(ByteSource.FromMemory(disk))).Message, StringComparison.Ordinal);
    }

    private static Span<byte> Entry(byte[] disk, FatGeometry geometry, string shortName, int distance = 0)
    {
        int at = disk.AsSpan((int)geometry.RootOffset).IndexOf(Encoding.ASCII.GetBytes(shortName.PadRight(11)));
        return disk.AsSpan((int)geometry.RootOffset + at + (distance * 32), 32);
    }

    private static uint Cluster(byte[] disk, FatGeometry geometry, string shortName) =>
        BinaryPrimitives.ReadUInt16LittleEndian(Entry(disk, geometry, shortName)[26..]);

    private static void Link(byte[] disk, FatGeometry geometry, uint cluster, uint next)
    {
        for (int table = 0; table < 2; table++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(disk.AsSpan((int)geometry.TableOffset(table) + (2 * (int)cluster)), (ushort)next);
        }
    }

    private static void AssertSame(FileTree tree, ByteSource volume)
    {
        FatVolume read = FatReader.Read(volume);
        Assert.Equal(
            tree.Walk().Select(file => $"{file.Path} {file.Node.Kind} {Convert.ToHexString(file.Node.Content.ToArray())}"),
            read.ToTree().Walk().Select(file => $"{file.Path} {file.Node.Kind} {Convert.ToHexString(file.Node.Content.ToArray())}"));
        Assert.Equal((0, 0), (read.LostClusters, read.BadClusters));
        Assert.True(read.ClaimedFreeClusters is null || read.ClaimedFreeClusters == read.FreeClusters);
        Assert.All(read.Entries, entry => Assert.Equal(entry.Content.Length > 0 ? 1 : 0, entry.FragmentCount));
    }

    private static Gen<(FileTree Tree, FatOptions Options)> AnyTree(long size)
    {
        Gen<string> name = Gen.OneOf(Gen.Int[0, s_names.Length - 1].Select(i => s_names[i]), Gen.Char['a', 'e'].Array[1, 14].Select(letters => new string(letters)));
        return Gen.Select(Gen.Select(name, Gen.Int[0, 1000], Gen.Bool, Gen.Byte.Array[0, 3000]).Array[0, 60], Gen.UInt, Gen.UInt).Select((files, id, time) =>
        {
            FileTree tree = new();
            List<FileNode> folders = [tree.Root];
            foreach ((string file, int choice, bool isDirectory, byte[] content) in files)
            {
                FileNode parent = folders[choice % folders.Count];
                if (parent.Children.Keys.Contains(file, StringComparer.OrdinalIgnoreCase))
                {
                    continue;
                }

                FileNode node = isDirectory ? FileNode.Directory() : FileNode.Regular(ByteSource.FromMemory(content));
                parent.Children.Add(file, node);
                if (isDirectory)
                {
                    folders.Add(node);
                }
            }

            return (tree, new FatOptions { SizeBytes = size, VolumeId = id, TimeSeconds = time, VolumeLabel = id % 2 == 0 ? "" : "L" });
        });
    }
}
