using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Erofs.Compression;

/// <summary>A folder with what a compressor meets, made once for all tests that want it.</summary>
public sealed class CompressedTree : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CompressedTree()
    {
        Full = new(Make(_folder["full"], isFull: true));
        Small = new(Make(_folder["small"], isFull: false));
    }

    /// <summary>Everything.</summary>
    public Made Full { get; }

    /// <summary>What there is of it without 16 MB that some of mkfs.erofs' compressors take minutes for.</summary>
    public Made Small { get; }

    public void Dispose() => _folder.Dispose();

    private static string Make(string root, bool isFull)
    {
        Directory.CreateDirectory(root + "/sizes");
        foreach (int size in (int[])[0, 1, 2, 15, 100, 4000, 4095, 4096, 4097, 8191, 8192, 8193, 12_288, 20_000, 65_535, 65_536, 65_537, 140_000])
        {
            File.WriteAllBytes($"{root}/sizes/text-{size}", Text(size, size));
            File.WriteAllBytes($"{root}/sizes/random-{size}", ErofsTestTrees.Bytes(size, size));
            File.WriteAllBytes($"{root}/sizes/zeros-{size}", new byte[size]);
        }

        if (isFull)
        {
            MakeLarge(root);
        }

        // The same bytes at other offsets, for deduplication; and a file that ends as another one does, for fragments.
        byte[] shared = Text(400_000, 77);
        File.WriteAllBytes(root + "/shared-1", shared);
        File.WriteAllBytes(root + "/shared-2", [.. Text(3000, 5), .. shared]);
        File.WriteAllBytes(root + "/shared-3", [.. shared[100_000..], .. ErofsTestTrees.Bytes(5000), .. shared[..123_456]]);
        File.WriteAllBytes(root + "/shared-4", shared[37_000..241_000]);

        Directory.CreateDirectory(root + "/many");
        for (int i = 0; i < (isFull ? 5000 : 300); i++)
        {
            File.WriteAllBytes($"{root}/many/{i:D4}-{new string('n', i % 40)}", i % 3 == 0 ? [] : Text(i % 700, i % 50));
        }

        File.CreateSymbolicLink(root + "/link", "sizes/text-100");
        File.CreateSymbolicLink(root + "/long link", new string('l', 3000));
        Oracle.Succeed("ln", root + "/sizes/text-8193", root + "/hard link");
        foreach (string name in (string[])["large", "sizes/text-1", "sizes/text-4097", "sizes/text-20000", "many", "shared-1"])
        {
            HostTree.TrySetAttribute($"{root}/{name}", "user.shared", Encoding.UTF8.GetBytes("the same value everywhere"));
            HostTree.TrySetAttribute($"{root}/{name}", "user.mantle.own", Encoding.UTF8.GetBytes(name));
        }

        return root;
    }

    private static void MakeLarge(string root)
    {
        // 10 MB of everything, in pieces that end nowhere in particular.
        using (FileStream large = File.Create(root + "/large"))
        {
            for (int i = 0; large.Length < 10_000_000; i++)
            {
                large.Write((i % 4) switch
                {
                    0 => Text(150_000 + i, i),
                    1 => ErofsTestTrees.Bytes(50_000 + (i * 7), i),
                    2 => new byte[100_000 + i],
                    _ => Pattern(70_000 + i, 1 + (i % 40)),
                });
            }
        }

        using (FileStream sparse = File.Create(root + "/sparse"))
        {
            sparse.Write(Text(5000, 1));
            sparse.Position = 3_000_000;
            sparse.Write(Text(70_000, 2));
            sparse.SetLength(6_000_001);
        }
    }

    /// <summary>SHA-256 of each file, by path.</summary>
    public static Dictionary<string, string> Hashes(FileTree tree) => tree.Walk()
        .Where(entry => entry.Node.Kind == FileKind.Regular)
        .ToDictionary(entry => entry.Path, entry => Convert.ToHexString(SHA256.HashData(entry.Node.Content.ToArray())));

    /// <summary>Words in no sensible order, about as compressible as a program's text.</summary>
    internal static byte[] Text(int length, int seed)
    {
        Random random = new(seed);
        StringBuilder text = new(length + 20);
        while (text.Length < length)
        {
            text.Append("key measured image block cluster kernel verity tree of in and to 0x".Split(' ')[random.Next(12)]).Append(random.Next(30) == 0 ? "\n" : " ");
            if (random.Next(6) == 0)
            {
                text.Append(random.Next());
            }
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }

    private static byte[] Pattern(int length, int period) => [.. Enumerable.Range(0, length).Select(i => (byte)((i % period * 37) & 0xFF))];

    /// <summary>A folder, and what an image of it must hold where mkfs.erofs gives all files the build time.</summary>
    public sealed class Made
    {
        public Made(string root)
        {
            Root = root;
            Expected = HostTree.Read(root);
            foreach ((string _, FileNode node) in Expected.Walk().Prepend(("", Expected.Root)))
            {
                node.ModifiedSeconds = ErofsTestTrees.BuildTime;
            }
        }

        public string Root { get; }

        public FileTree Expected { get; }
    }
}
