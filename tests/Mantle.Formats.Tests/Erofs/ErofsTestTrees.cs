using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Erofs;

/// <summary>File trees for the tests, and what it means for two of them to be equal.</summary>
internal static class ErofsTestTrees
{
    public const long BuildTime = 1_700_000_000;

    public static ErofsOptions Options { get; } = new()
    {
        VolumeId = new Guid("01234567-89ab-cdef-0123-456789abcdef"),
        BuildTimeSeconds = BuildTime,
        VolumeName = "mantle",
    };

    public static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static FileNode File(int length, int seed = 1) => Timed(FileNode.Regular(ByteSource.FromMemory(Bytes(length, seed))));

    public static FileNode Timed(FileNode node, long time = BuildTime)
    {
        node.ModifiedSeconds = time;
        return node;
    }

    /// <summary>A tree with every kind of file and the sizes around block boundaries.</summary>
    public static FileTree Everything(bool devices = true)
    {
        FileTree tree = new();
        Timed(tree.Root);
        foreach (int size in (int[])[0, 1, 31, 32, 33, 4000, 4031, 4032, 4033, 4063, 4064, 4065, 4095, 4096, 4097, 8191, 8192, 8193, 12000, 1_000_000])
        {
            tree.Put($"sizes/{size:D7}", File(size, size));
        }

        FileNode twice = Timed(File(5000), 5);
        tree.Put("links/first", twice);
        tree.Put("links/second", twice);
        tree.Put("elsewhere/third", twice);
        tree.Put("links/relative", Timed(FileNode.SymbolicLink("../sizes/0000001")));
        tree.Put("links/long", Timed(FileNode.SymbolicLink(new string('x', 4000))));
        tree.Put("links/longest", Timed(FileNode.SymbolicLink(new string('y', 4095))));
        tree.Put("names/!before dots", File(1));
        tree.Put("names/.-between", File(2));
        tree.Put("names/..after", File(3));
        tree.Put("names/\u00fcml\u00e4ut \u4e16\u754c \ud83d\ude00", File(4));
        tree.Put("names/" + LinuxText.Decode([0xFF, 0x80, (byte)'a']), File(5));
        tree.Put("names/" + new string('n', 255), File(6));
        tree.Put("empty", Timed(FileNode.Directory()));
        for (int i = 0; i < 1000; i++)
        {
            tree.Put($"large/{i:D4}-{new string('z', i % 60)}", File(i, i));
        }

        for (int i = 0; i < 3; i++)
        {
            tree.Put($"directories/{i}/below", Timed(FileNode.Directory(0b111_000_000)));
        }

        FileNode owned = File(10);
        owned.UserId = 70_000;
        owned.GroupId = 4_000_000_000;
        owned.Permissions = 0b110_100_100_000;
        tree.Put("owned", owned);
        FileNode old = Timed(File(11), -1);
        tree.Put("before-1970", old);
        if (devices)
        {
            tree.Put("dev/null", Timed(new FileNode(FileKind.CharacterDevice, 0b110_110_110) { DeviceMajor = 1, DeviceMinor = 3 }));
            tree.Put("dev/large", Timed(new FileNode(FileKind.BlockDevice, 0b110_000_000) { DeviceMajor = 4095, DeviceMinor = 0xFFFFF }));
            tree.Put("dev/pipe", Timed(new FileNode(FileKind.Fifo, 0b110_000_000)));
            tree.Put("dev/socket", Timed(new FileNode(FileKind.Socket, 0b110_000_000)));
        }

        return tree;
    }

    /// <summary>Adds extended attributes of each kind, among them sets that fill most of a block, one block, and several.</summary>
    public static FileTree WithAttributes(FileTree tree)
    {
        foreach (int size in (int[])[0, 1, 4000, 4020, 4100, 60_000])
        {
            FileNode node = File(100, size);
            node.ExtendedAttributes["user.big"] = Bytes(size, size);
            node.ExtendedAttributes["trusted.t"] = [1, 2, 3];
            tree.Put($"attributes/{size:D5}", node);
        }

        FileNode capable = File(77);
        capable.ExtendedAttributes["security.capability"] = Convert.FromHexString("0100000200040000000000000000000000000000");
        capable.ExtendedAttributes["system.posix_acl_access"] = Convert.FromHexString("0200000001000600ffffffff02000600e803000004000400ffffffff10000600ffffffff20000400ffffffff");
        tree.Put("attributes/capable", capable);
        FileNode directory = Timed(FileNode.Directory());
        directory.ExtendedAttributes["system.posix_acl_default"] = Convert.FromHexString("0200000001000700ffffffff04000500ffffffff20000500ffffffff");
        tree.Put("attributes/directory", directory);
        return tree;
    }

    /// <summary>The tree as it is after being written and read.</summary>
    public static FileTree RoundTrip(FileTree tree) => ErofsReader.Open(ErofsWriter.Layout(tree, Options)).ReadTree();

    public static void AssertEqual(FileTree expected, FileTree actual)
    {
        Assert.Equal(Describe(expected), Describe(actual));
    }

    /// <summary>Small random trees.</summary>
    public static Gen<FileTree> Any { get; } =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 9000], Gen.Byte[(byte)'!', 255].Array[1, 12], Gen.Int[0, 3]).Array[0, 30].Select(files =>
        {
            FileTree tree = new();
            List<string> folders = [""];
            foreach ((int kind, int size, byte[] nameBytes, int folder) in files)
            {
                string name = LinuxText.Decode(nameBytes).Replace('/', '_');
                if (name is "." or ".." || !tree.TryFind(folders[folder % folders.Count], out FileNode? parent) || parent.Children.ContainsKey(name))
                {
                    continue;
                }

                FileNode node = kind switch
                {
                    0 => FileNode.Directory(),
                    1 => FileNode.SymbolicLink(new string('t', 1 + (size % 4095))),
                    2 => new FileNode(FileKind.Fifo, 0b110_000_000),
                    _ => File(size, size),
                };
                node.ModifiedSeconds = size % 2 == 0 ? BuildTime : size;
                node.UserId = (uint)(size % 7 == 0 ? 100_000 : size);
                if (size % 5 == 0)
                {
                    node.ExtendedAttributes["user.a"] = Bytes(size % 500, size);
                }

                parent.Children.Add(name, node);
                if (kind == 0)
                {
                    folders.Add(folders[folder % folders.Count] + "/" + name);
                }
            }

            return tree;
        });

    private static List<string> Describe(FileTree tree)
    {
        Dictionary<FileNode, string> first = new(ReferenceEqualityComparer.Instance);
        List<string> lines = [];
        foreach ((string path, FileNode node) in tree.Walk().Prepend(("", tree.Root)))
        {
            bool isNew = first.TryAdd(node, path);
            string content = node.Kind == FileKind.Regular
                ? $"{node.Content.Length}:{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(node.Content.ToArray()))}"
                : "";
            string attributes = string.Join(' ', node.ExtendedAttributes.Select(a => a.Key + "=" + Convert.ToHexString(a.Value)));
            lines.Add(isNew
                ? $"{Convert.ToHexString(LinuxText.Encode(path))} {node.Mode:x} {node.UserId}:{node.GroupId} {node.ModifiedSeconds} {node.DeviceMajor}:{node.DeviceMinor} {node.LinkTarget} {content} {attributes}"
                : $"{Convert.ToHexString(LinuxText.Encode(path))} = {first[node]}");
        }

        return lines;
    }
}
