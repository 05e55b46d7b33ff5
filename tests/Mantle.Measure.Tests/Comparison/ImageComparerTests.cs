using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tree;
using Mantle.Measure.Comparison;

namespace Mantle.Measure.Tests.Comparison;

public class ImageComparerTests
{
    private const string Uki = "partition 1 \"ESP\" / /EFI/BOOT/BOOTX64.EFI";
    private const string Root = "partition 2 \"root\"";
    private const string Verity = "partition 3 \"root-verity\" / verity";

    /// <summary>One thing that is another: where it is named, what of it, the cause, and the PCRs that move.</summary>
    private static readonly Dictionary<string, (TestImage Image, string Place, string Field, LikelyCause Cause, int[] Pcrs)> s_cases = new(StringComparer.Ordinal)
    {
        ["file content"] = (Root_(tree => Node(tree, "etc/hosts").Content = TestImage.Text("127.0.0.1 other\n")), $"{Root} / /etc/hosts", "content", LikelyCause.OtherContent, [4, 5, 9, 11]),
        ["file mode"] = (Root_(tree => Node(tree, "usr/bin/app").Permissions = 0b111_000_000), $"{Root} / /usr/bin/app", "mode", LikelyCause.Permissions, [4, 5, 9, 11]),
        ["file owner"] = (Root_(tree => Node(tree, "usr/bin/app").UserId = 1000), $"{Root} / /usr/bin/app", "owner", LikelyCause.Owner, [4, 5, 9, 11]),
        ["file time"] = (Root_(tree => Node(tree, "usr/bin/app").ModifiedSeconds++), $"{Root} / /usr/bin/app", "time", LikelyCause.TimeStamp, [4, 5, 9, 11]),
        ["link target"] = (Root_(tree => Node(tree, "etc/link").LinkTarget = "elsewhere"), $"{Root} / /etc/link", "target", LikelyCause.OtherContent, [4, 5, 9, 11]),
        ["attribute"] = (Root_(tree => Node(tree, "usr/bin/app").ExtendedAttributes["user.x"] = [1]), $"{Root} / /usr/bin/app", "attribute user.x", LikelyCause.OtherContent, [4, 5, 9, 11]),
        ["file added"] = (Root_(tree => tree.Put("etc/new", new FileNode(FileKind.Fifo, 0) { ModifiedSeconds = TestImage.Time })), $"{Root} / /etc/new", "file", LikelyCause.FileSet, [4, 5, 9, 11]),
        ["file removed"] = (Root_(tree => tree.Remove("usr/lib/library")), $"{Root} / /usr/lib/library", "file", LikelyCause.FileSet, [4, 5, 9, 11]),
        ["file kind"] = (Root_(tree => tree.Put("etc/link", FileNode.Directory())), $"{Root} / /etc/link", "kind", LikelyCause.FileSet, [4, 5, 9, 11]),
        ["erofs uuid"] = (new() { RootUuid = new("aaaaaaaa-0000-0000-0000-0000000000ff") }, $"{Root} / erofs superblock", "uuid", LikelyCause.Identifier, [4, 5, 9, 11]),
        ["salt"] = (new() { Salt = [9, 9, 9, 9] }, Verity, "salt", LikelyCause.Salt, [4, 5, 9, 11]),
        ["verity uuid"] = (new() { VerityUuid = new("aaaaaaaa-0000-0000-0000-0000000000ff") }, Verity, "uuid", LikelyCause.Identifier, []),
        ["disk id"] = (new() { DiskId = new("11111111-2222-3333-4444-5555555555ff") }, "partition table", "disk id", LikelyCause.Identifier, [5]),
        ["FAT volume id"] = (new() { EspVolume = 1 }, "partition 1 \"ESP\" / fat volume", "volume id", LikelyCause.Identifier, []),
        ["FAT time"] = (new() { EspTime = TestImage.Time + 2 }, "partition 1 \"ESP\" / /EFI", "time", LikelyCause.TimeStamp, []),
        ["word"] = (new() { Words = "quiet panic=5" }, $"{Uki} / section .cmdline", "word", LikelyCause.Setting, [4, 9, 11]),
        ["word order"] = (new() { Words = "panic=-1 quiet" }, $"{Uki} / section .cmdline", "order of words", LikelyCause.Order, [4, 9, 11]),
        ["os-release"] = (new() { OsRelease = "ID=test\nVERSION_ID=2.0\n" }, $"{Uki} / section .osrel", "line", LikelyCause.Setting, [4, 9, 11]),
        ["initrd file"] = (new() { ChangeInitrd = tree => Node(tree, "init").Content = TestImage.Text("other") }, $"{Uki} / section .initrd / /init", "content", LikelyCause.OtherContent, [4, 9, 11]),
        ["initrd order"] = (new() { ChangeInitrd = tree => Node(tree, "modules/order").Content = TestImage.Text("two.ko\none.ko\n") }, $"{Uki} / section .initrd / /modules/order", "content", LikelyCause.Order, [4, 9, 11]),
        ["section"] = (new() { MoreSections = [new(".splash", TestImage.Text("picture"))] }, $"{Uki} / section .splash", "section", LikelyCause.FileSet, [4, 11]),
        ["kernel"] = (new() { Kernel = "6.12.2-test (builder) #1" }, $"{Uki} / section .uname", "release", LikelyCause.OtherPackage, [4, 11]),
        ["stub"] = (new() { Stub = "#### LoaderInfo: systemd-stub 257.14-1~deb13u1 ####" }, $"{Uki} / headers", "stub", LikelyCause.OtherPackage, [4]),
    };

    public static TheoryData<string> Cases => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void One_thing_that_is_another_is_named_first_with_its_cause_and_the_PCRs_that_it_moves(string name)
    {
        (TestImage image, string place, string field, LikelyCause cause, int[] pcrs) = s_cases[name];
        ImageComparison comparison = ImageComparer.Compare(new TestImage().Disk(), image.Disk());
        Difference first = comparison.First!;
        Assert.Equal((place, field, cause), (first.Place, first.Field, first.Cause));
        Assert.Equal(pcrs, comparison.Pcrs.Where(pcr => pcr.Moves == true).Select(pcr => pcr.Index));
        Assert.All(comparison.Pcrs, pcr => Assert.Equal(pcr.Moves == true, pcr.Reasons.Count > 0));
        Assert.Empty(comparison.Notes);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Everything_else_is_a_consequence_or_belongs_to_the_same_place(string name)
    {
        ImageComparison comparison = ImageComparer.Compare(new TestImage().Disk(), s_cases[name].Image.Disk());
        string place = comparison.First!.Place;

        // The kernel has its release in two sections, the stub its version in one more; a time is in every file of the ESP.
        string[] also = [.. name switch
        {
            "kernel" => new[] { $"{Uki} / section .linux" },
            "stub" => [$"{Uki} / section .sdmagic"],
            "FAT time" => ["partition 1 \"ESP\" / /EFI/BOOT", Uki],
            _ => [],
        }];
        Assert.DoesNotContain(
            comparison.Differences, difference => difference.Cause != LikelyCause.Consequence && difference.Place != place && !also.Contains(difference.Place));
    }

    [Fact]
    public void Equal_images_have_no_difference()
    {
        ImageComparison comparison = ImageComparer.Compare(new TestImage().Disk(), new TestImage().Disk());
        Assert.True(comparison.AreEqual);
        Assert.Null(comparison.First);
        Assert.Equal([false, false, false, false, false, false, false], comparison.Pcrs.Select(pcr => pcr.Moves));
    }

    [Fact]
    public void A_moved_PCR_names_the_event_that_moved_it()
    {
        ImageComparison comparison = ImageComparer.Compare(new TestImage().Disk(), new TestImage { Words = "quiet panic=5" }.Disk());
        IReadOnlyList<string> Reasons(int index) => comparison.Pcrs.First(pcr => pcr.Index == index).Reasons;
        Assert.Equal(["file EFI/BOOT/BOOTX64.EFI: Authenticode digest of the boot file"], Reasons(4));
        Assert.Matches("^section .cmdline: content of .cmdline, [0-9]+ bytes", Assert.Single(Reasons(11)));
        Assert.StartsWith("section .cmdline: LOADED_IMAGE::LoadOptions", Assert.Single(Reasons(9)), StringComparison.Ordinal);
    }

    [Fact]
    public void Time_of_the_build_is_named_in_the_superblock()
    {
        ImageComparison comparison = ImageComparer.Compare(new TestImage().Disk(), new TestImage { RootBuildTime = TestImage.Time + 1 }.Disk());
        Difference first = comparison.First!;
        Assert.Equal(($"{Root} / erofs superblock", "build time", LikelyCause.TimeStamp), (first.Place, first.Field, first.Cause));
        Assert.Equal(("2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z"), (first.A, first.B));
    }

    [Fact]
    public void Bytes_that_no_structure_accounts_for_are_named_by_offset()
    {
        byte[] changed = new TestImage().Disk().ToArray();
        changed[512 * 3000] ^= 1; // free space of the ESP
        Difference only = Assert.Single(ImageComparer.Compare(new TestImage().Disk(), ByteSource.FromMemory(changed)).Differences);
        Assert.Equal("partition 1 \"ESP\"", only.Place);
        Assert.Equal(512 * (3000 - 2048), only.Bytes!.Offset);
    }

    [Fact]
    public void Boot_code_is_found()
    {
        byte[] changed = new TestImage().Disk().ToArray();
        changed[100] = 1;
        Assert.Equal(
            ["partition table: deviations", "boot sector: content"],
            ImageComparer.Compare(new TestImage().Disk(), ByteSource.FromMemory(changed)).Differences.Select(difference => $"{difference.Place}: {difference.Field}"));
    }

    [Fact]
    public void A_byte_between_partitions_is_found()
    {
        ByteSource disk = new TestImage().Disk();
        GptPartition root = GptReader.Read(disk).Partitions[1];
        long gap = root.Offset + root.Length;
        Assert.True(gap < GptReader.Read(disk).Partitions[2].Offset, "the test needs a gap");
        byte[] changed = disk.ToArray();
        changed[gap + 5] = 1;
        Difference only = Assert.Single(ImageComparer.Compare(disk, ByteSource.FromMemory(changed)).Differences);
        Assert.Equal($"unused sectors from {gap / 512} on", only.Place);
        Assert.Equal(5, only.Bytes!.Offset);
    }

    [Fact]
    public void UKIs_are_compared_without_a_disk()
    {
        byte[] hash = new byte[32];
        ImageComparison comparison = ImageComparer.Compare(new TestImage().Uki(hash), new TestImage { Words = "quiet" }.Uki(hash));
        Assert.Equal(("section .cmdline", "word", "panic=-1", null), (comparison.First!.Place, comparison.First.Field, comparison.First.A, comparison.First.B));
        Assert.Null(comparison.Pcrs.First(pcr => pcr.Index == 5).Moves);
    }

    private static TestImage Root_(Action<FileTree> change) => new() { ChangeRoot = change };

    private static FileNode Node(FileTree tree, string path) => tree.TryFind(path, out FileNode? node) ? node : throw new ArgumentException(path);
}
