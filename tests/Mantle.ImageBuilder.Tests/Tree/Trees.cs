using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Recipes;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Tree;

/// <summary>Small packages and recipes for tests.</summary>
internal static class Trees
{
    public static FileNode Text(string text, int permissions = 0b110_100_100) =>
        FileNode.Regular(ByteSource.FromMemory(Encoding.UTF8.GetBytes(text)), permissions);

    public static UnpackedPackage Package(string name, params (string Path, FileNode Node)[] files) => WithControl(name, [], files);

    public static UnpackedPackage WithControl(string name, Dictionary<string, byte[]> control, params (string Path, FileNode Node)[] files)
    {
        FileTree tree = new();
        foreach ((string path, FileNode node) in files)
        {
            tree.Put(path, node);
        }

        LockedPackage package = new()
        {
            Name = name,
            Version = "1.0-1",
            Architecture = "amd64",
            Suite = "trixie",
            Path = $"pool/{name}.deb",
            Size = 1,
            Sha256 = new string('0', 64),
            Uses = ["root"],
            Why = ["root: recipe"],
        };
        return new UnpackedPackage(package, tree, control);
    }

    /// <summary>A recipe with nothing in it but what must be there; <paramref name="more"/> is added at the end.</summary>
    public static Recipe Recipe(TemporaryFolder folder, string more = "", string packages = "roots: [libc6]")
    {
        File.WriteAllText(folder["init"], "\u007fELF init");
        return RecipeReader.Parse(folder["a.yaml"], $"""
            format: 1
            name: tiny
            version: 1.0.0
            epoch: 2026-01-01T00:00:00Z
            suites: [trixie]
            packages: [unused]
            kernel: [unused]
            """.Replace("packages: [unused]", "packages:\n  " + packages, StringComparison.Ordinal)
            .Replace("kernel: [unused]", "kernel:\n  package: linux", StringComparison.Ordinal) + $"""

            stub:
              package: stub
              file: /stub
            init:
              source: init
            users:
              - name: web
                id: 7
            service:
              exec: /usr/bin/web
              user: web
            {(more.Contains("/run", StringComparison.Ordinal) ? "" : "network: none")}
            {more}

            """);
    }
}
