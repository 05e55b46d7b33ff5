using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Erofs;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tests.Pe;
using Mantle.Formats.Tree;
using Mantle.Formats.Verity;

namespace Mantle.Measure.Tests.Comparison;

/// <summary>A small disk like those that the builder makes, where one thing at a time can be another.</summary>
internal sealed record TestImage
{
    public const long Time = 1_700_000_000;

    public Guid DiskId { get; init; } = new("11111111-2222-3333-4444-555555555555");

    public uint EspVolume { get; init; } = 0x12345678;

    public long EspTime { get; init; } = Time;

    public Guid RootUuid { get; init; } = new("aaaaaaaa-0000-0000-0000-000000000001");

    public long RootBuildTime { get; init; } = Time;

    public byte[] Salt { get; init; } = [1, 2, 3, 4];

    public Guid VerityUuid { get; init; } = new("aaaaaaaa-0000-0000-0000-000000000002");

    public string Words { get; init; } = "quiet panic=-1";

    public string OsRelease { get; init; } = "ID=test\nVERSION_ID=1.0\n";

    public string Kernel { get; init; } = "6.12.1-test (builder) #1";

    public string Stub { get; init; } = SyntheticPe.StubMagic;

    public IReadOnlyList<UkiSection> MoreSections { get; init; } = [];

    public Action<FileTree> ChangeRoot { get; init; } = _ => { };

    public Action<FileTree> ChangeInitrd { get; init; } = _ => { };

    public ByteSource Disk()
    {
        ByteSource root = ErofsWriter.Layout(RootTree(), new ErofsOptions { VolumeId = RootUuid, BuildTimeSeconds = RootBuildTime });
        VerityTree verity = VerityTree.Build(root, Salt, VerityUuid, 1);
        FileTree esp = new();
        esp.Put("EFI/BOOT/BOOTX64.EFI", FileNode.Regular(Uki(verity.RootHash.Span)));
        return GptWriter.Layout(new()
        {
            DiskId = DiskId,
            Partitions =
            [
                new()
                {
                    TypeId = DiscoverablePartitions.EfiSystem,
                    Id = new("aaaaaaaa-0000-0000-0000-000000000003"),
                    Name = "ESP",
                    Content = FatWriter.Layout(esp, new() { SizeBytes = 8 << 20, VolumeId = EspVolume, TimeSeconds = EspTime }),
                },
                new()
                {
                    TypeId = DiscoverablePartitions.RootX64,
                    Id = DiscoverablePartitions.DataPartitionId(verity.RootHash.Span),
                    Name = "root",
                    Content = root,
                },
                new()
                {
                    TypeId = DiscoverablePartitions.RootVerityX64,
                    Id = DiscoverablePartitions.VerityPartitionId(verity.RootHash.Span),
                    Name = "root-verity",
                    Content = verity.HashArea,
                },
            ],
        });
    }

    public ByteSource Uki(ReadOnlySpan<byte> rootHash) => UkiWriter.Layout(new()
    {
        Stub = SyntheticPe.Source(SyntheticPe.Stub(Stub)),
        Sections =
        [
            new(".osrel", Text(OsRelease)),
            new(".cmdline", Text($"roothash={Convert.ToHexStringLower(rootHash)} {Words}")),
            new(".uname", Text(Kernel.Split(' ')[0])),
            new(".linux", SyntheticPe.Source(SyntheticPe.Kernel(version: Kernel))),
            new(".initrd", CpioWriter.Layout(InitrdTree())),
            .. MoreSections,
        ],
    });

    public static ByteSource Text(string text) => ByteSource.FromMemory(Encoding.UTF8.GetBytes(text));

    public FileTree RootTree()
    {
        FileTree tree = new();
        tree.Put("usr/bin/app", FileNode.Regular(ByteSource.FromMemory(SyntheticPe.Bytes(20_000, 5)), 0b111_101_101));
        tree.Put("usr/lib/library", FileNode.Regular(ByteSource.FromMemory(SyntheticPe.Bytes(9_000, 6))));
        tree.Put("etc/hosts", FileNode.Regular(Text("127.0.0.1 localhost\n::1 localhost\n")));
        tree.Put("etc/link", FileNode.SymbolicLink("hosts"));
        Stamp(tree);
        ChangeRoot(tree);
        return tree;
    }

    private FileTree InitrdTree()
    {
        FileTree tree = new();
        tree.Put("init", FileNode.Regular(ByteSource.FromMemory(SyntheticPe.Bytes(5_000, 7)), 0b111_101_101));
        tree.Put("modules/order", FileNode.Regular(Text("one.ko\ntwo.ko\n")));
        Stamp(tree);
        ChangeInitrd(tree);
        return tree;
    }

    private static void Stamp(FileTree tree)
    {
        tree.Root.ModifiedSeconds = Time;
        foreach ((_, FileNode node) in tree.Walk())
        {
            node.ModifiedSeconds = Time;
        }
    }
}
