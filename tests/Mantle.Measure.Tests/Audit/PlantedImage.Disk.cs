using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tests.Pe;
using Mantle.Formats.Tree;
using Mantle.Formats.Verity;

namespace Mantle.Measure.Tests.Audit;

/// <content>How the parts are put together.</content>
internal sealed partial record PlantedImage
{
    /// <summary>The bytes of the disk.</summary>
    public ByteSource Disk()
    {
        ByteSource root = Root ?? Erofs(FillRoot);
        VerityTree verity = VerityTree.Build(root, new byte[] { 1, 2, 3, 4 }, new("aaaaaaaa-0000-0000-0000-000000000002"), 1);
        string commandLine = string.Join(' ', Words.Append(RootHashWord))
            .Replace("{roothash}", Convert.ToHexStringLower(verity.RootHash.Span), StringComparison.Ordinal);
        FileTree esp = new();
        Put(esp, BootPath, SignUki(Uki(commandLine, MoreSections)), 0b110_100_100);
        foreach ((string path, string words) in MoreUkis)
        {
            Put(esp, path, Uki(words.Replace("{commandline}", commandLine, StringComparison.Ordinal), []), 0b110_100_100);
        }

        Apply(esp, EspChanges);
        byte[] rootBytes = root.ToArray();
        DamageRoot?.Invoke(rootBytes);
        List<GptNewPartition> partitions =
        [
            new()
            {
                TypeId = DiscoverablePartitions.EfiSystem,
                Id = new("aaaaaaaa-0000-0000-0000-000000000003"),
                Name = "ESP",
                Content = FatWriter.Layout(esp, new() { SizeBytes = 8 << 20, VolumeId = 0x12345678, TimeSeconds = Time }),
            },
            new()
            {
                TypeId = DiscoverablePartitions.RootX64,
                Id = DiscoverablePartitions.DataPartitionId(verity.RootHash.Span),
                Name = "root",
                Content = ByteSource.FromMemory(rootBytes),
            },
        ];
        if (HasVerity)
        {
            partitions.Add(new()
            {
                TypeId = DiscoverablePartitions.RootVerityX64,
                Id = DiscoverablePartitions.VerityPartitionId(verity.RootHash.Span),
                Name = "root-verity",
                Content = verity.HashArea,
            });
        }

        return GptWriter.Layout(new() { DiskId = new("11111111-2222-3333-4444-555555555555"), Partitions = [.. partitions, .. MorePartitions] });
    }

    private byte[] Uki(string commandLine, IReadOnlyList<(string Name, byte[] Content)> more) => SyntheticPe.Build(
        [
            (".text", SyntheticPe.Bytes(3000, 1)),
            (".sdmagic", Text(SyntheticPe.StubMagic)),
            (".osrel", Text(OsRelease)),
            (".cmdline", Text(commandLine)),
            (".uname", Text("6.12.1-test")),
            (".linux", SyntheticPe.Kernel()),
            (".initrd", (Initrd ?? CpioWriter.Layout(InitrdTree())).ToArray()),
            .. more,
        ],
        sizeOfHeaders: 0x1000);

    private void FillRoot(FileTree tree)
    {
        Put(tree, "usr/sbin/init", TestElf.Static("process 1"), Executable);
        Put(tree, "usr/bin/service", TestElf.Program("GET / HTTP/1.1"), Executable);
        Put(tree, "usr/lib/libc.so.6", TestElf.Library("libc.so.6", "/bin/sh", "exit 0"), 0b110_100_100);
        Put(tree, "etc/passwd", Text("root:*:0:0::/:/usr/sbin/nologin\nservice:*:1000:1000:::\n"), 0b110_100_100);
        Put(tree, "etc/hosts", Text("127.0.0.1 localhost\n"), 0b110_100_100);
        tree.Put("etc/os-release", FileNode.SymbolicLink("../usr/lib/os-release"));
        Put(tree, "usr/lib/os-release", Text("ID=test\n"), 0b110_100_100);
        Apply(tree, RootChanges);
    }

    private FileTree InitrdTree()
    {
        FileTree tree = new();
        Put(tree, "init", TestElf.Static("process 1"), Executable);
        Put(tree, "modules/order", Text("dm-verity.ko.xz\n"), 0b110_100_100);
        Apply(tree, InitrdChanges);
        return tree;
    }

    private static void Apply(FileTree tree, IReadOnlyList<Action<FileTree>> changes)
    {
        foreach (Action<FileTree> change in changes)
        {
            change(tree);
        }

        tree.Root.ModifiedSeconds = Time;
        foreach ((_, FileNode node) in tree.Walk())
        {
            node.ModifiedSeconds = Time;
        }
    }
}
