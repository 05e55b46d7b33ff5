using System.Formats.Tar;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Erofs;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tests.Pe;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Fuzz.Seeds;

/// <summary>Sound inputs, made when they are needed by our writers and by foreign ones.</summary>
internal static class Samples
{
    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Tar { get; } = DebBuilder.Tar(
        DebBuilder.Directory("./"),
        DebBuilder.Directory("./usr/"),
        DebBuilder.File("./usr/a", "content"),
        DebBuilder.HardLink("./usr/b", "./usr/a"),
        DebBuilder.Symlink("./usr/c", "a"),
        DebBuilder.File("./usr/" + new string('n', 120), "long name"),
        DebBuilder.Symlink("./usr/d", new string('t', 130)),
        Pax());

    public static byte[] ControlTar { get; } =
        DebBuilder.Tar(DebBuilder.Directory("./"), DebBuilder.File("./control", "Package: a\nVersion: 1\n"), DebBuilder.File("./md5sums", ""));

    public static byte[] Deb(Func<byte[], byte[]> compress, string ending) => DebBuilder.Archive(
        ("debian-binary", Text("2.0\n")), ("control.tar" + ending, compress(ControlTar)), ("data.tar" + ending, compress(Tar)));

    public static byte[] Zstandard(byte[] bytes)
    {
        using ZstdSharp.Compressor compressor = new(3);
        return compressor.Wrap(bytes).ToArray();
    }

    /// <summary>Compressed by the xz tool; null where there is none.</summary>
    public static byte[]? Xz(byte[] bytes, params string[] options)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["input"], bytes);
        return Foreign(folder["input.xz"], "xz", [.. options, "-k", folder["input"]]);
    }

    /// <summary>An image that mkfs.erofs made; null where there is none.</summary>
    public static byte[]? ForeignErofs(params string[] options)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["tree/folder"]);
        File.WriteAllText(folder["tree/repetitive"], string.Concat(Enumerable.Range(0, 2500).Select(i => $"line {i}\n")));
        File.WriteAllBytes(folder["tree/folder/noise"], SyntheticPe.Bytes(5000, 9));
        File.CreateSymbolicLink(folder["tree/link"], "repetitive");
        return Foreign(folder["image"], "mkfs.erofs", [.. options, "-T", "1700000000", folder["image"], folder["tree"]]);
    }

    private static byte[]? Foreign(string made, string tool, string[] arguments)
    {
        try
        {
            (int exitCode, _, _) = Oracle.Run(tool, arguments);
            return exitCode == 0 ? File.ReadAllBytes(made) : null;
        }
        catch (Exception problem) when (problem.Message.Contains("MISSING ORACLE", StringComparison.Ordinal))
        {
            return null;
        }
    }

    public static FileTree Tree()
    {
        FileTree tree = new();
        tree.Put("etc/hosts", Node("127.0.0.1 localhost\n"));
        FileNode twice = Node("twice");
        tree.Put("usr/one", twice);
        tree.Put("usr/two", twice);
        tree.Put("usr/link", FileNode.SymbolicLink("one"));
        tree.Put("usr/large", FileNode.Regular(ByteSource.FromMemory(SyntheticPe.Bytes(9000, 1))));
        for (int i = 0; i < 20; i++)
        {
            tree.Put($"usr/share/directory with a name that is long {i}", Node($"{i}"));
        }

        FileNode attributed = Node("attributes");
        attributed.ExtendedAttributes["user.key"] = Text("value");
        attributed.ExtendedAttributes["security.capability"] = new byte[20];
        tree.Put("attributed", attributed);
        tree.Put("dev/null", new FileNode(FileKind.CharacterDevice, 0b110_110_110) { DeviceMajor = 1, DeviceMinor = 3 });
        return tree;
    }

    public static byte[] Cpio()
    {
        FileTree tree = Tree();
        tree.Remove("attributed");
        return CpioWriter.Layout(tree).ToArray();
    }

    public static byte[] Erofs() =>
        ErofsWriter.Layout(Tree(), new ErofsOptions { VolumeId = new Guid("00112233-4455-6677-8899-aabbccddeeff"), BuildTimeSeconds = 1_700_000_000, VolumeName = "root" }).ToArray();

    public static ByteSource Fat(long size, ByteSource? bootFile = null)
    {
        FileTree tree = new();
        tree.Put("EFI/BOOT/BOOTX64.EFI", FileNode.Regular(bootFile ?? ByteSource.FromMemory(SyntheticPe.Bytes(5000, 3))));
        if (bootFile is null)
        {
            tree.Put("a file with a long name.text", Node("text"));
            tree.Put("EFI/empty", Node(""));
        }

        return FatWriter.Layout(tree, new FatOptions { SizeBytes = size, VolumeId = 1, VolumeLabel = "ESP", TimeSeconds = 1_700_000_000 });
    }

    public static ByteSource Disk(ByteSource esp, ByteSource? root = null) => GptWriter.Layout(new GptOptions
    {
        DiskId = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
        Partitions =
        [
            new() { TypeId = DiscoverablePartitions.EfiSystem, Id = new Guid("10112233-4455-6677-8899-aabbccddeeff"), Name = "ESP", Content = esp },
            new() { TypeId = DiscoverablePartitions.RootX64, Id = new Guid("20112233-4455-6677-8899-aabbccddeeff"), Name = "root", Content = root ?? ByteSource.FromMemory(SyntheticPe.Bytes(4096, 5)) },
        ],
    });

    public static byte[] Uki() => UkiWriter.Layout(new()
    {
        Stub = ByteSource.FromMemory(SyntheticPe.Stub()),
        Sections =
        [
            new(".osrel", ByteSource.FromMemory(Text("ID=test\nNAME=\"Test\"\n"))),
            new(".cmdline", ByteSource.FromMemory(Text("quiet  panic=-1 a=b\n"))),
            new(".uname", ByteSource.FromMemory(Text("6.12.1-test"))),
            new(".linux", ByteSource.FromMemory(SyntheticPe.Kernel(size: 600))),
            new(".initrd", ByteSource.FromMemory(SyntheticPe.Bytes(501, 6))),
        ],
    }).ToArray();

    /// <summary>The logs of own boots that the repository keeps.</summary>
    public static IReadOnlyList<byte[]> EventLogs() =>
        [.. Directory.EnumerateFiles(Repository.PathOf("tests", "vectors", "own-qemu"), "eventlog.bin", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private static FileNode Node(string text) => FileNode.Regular(ByteSource.FromMemory(Text(text)));

    private static PaxTarEntry Pax() =>
        new(TarEntryType.RegularFile, "./usr/pax", [new("SCHILY.xattr.user.key", "value"), new("mtime", "1700000000.5")])
        {
            DataStream = new MemoryStream(Text("pax")),
            ModificationTime = DebBuilder.Epoch,
        };
}
