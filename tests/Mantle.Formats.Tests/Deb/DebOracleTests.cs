using System.Formats.Tar;
using System.Globalization;
using System.Text.RegularExpressions;
using Mantle.Formats.Bytes;
using Mantle.Formats.Deb;
using Mantle.Formats.Tree;
using Mantle.Testing;
using Microsoft.Win32.SafeHandles;

namespace Mantle.Formats.Tests.Deb;

/// <summary>Packages that dpkg-deb makes are read as dpkg-deb and System.Formats.Tar read them.</summary>
public partial class DebOracleTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("xz")]
    [InlineData("zstd")]
    public void A_package_made_by_dpkg_deb_reads_as_dpkg_deb_reads_it(string compression)
    {
        using TemporaryFolder folder = new();
        MakeFiles(folder);
        Oracle.Succeed("dpkg-deb", "--root-owner-group", "-Z" + compression, "--uniform-compression", "--build", folder["in"], folder["x.deb"]);

        Compare(folder, folder["x.deb"]);
    }

    [Fact]
    public void The_packages_that_the_image_is_made_of_read_as_dpkg_deb_reads_them()
    {
        IReadOnlyDictionary<string, string> packages = BuildOutput.Packages();
        Assert.NotEmpty(packages);
        foreach (string deb in packages.Values)
        {
            using TemporaryFolder folder = new();
            Compare(folder, deb);
        }
    }

    private static void MakeFiles(TemporaryFolder folder)
    {
        string longFolder = $"in/usr/share/{new string('d', 90)}";
        Directory.CreateDirectory(folder["in/DEBIAN"]);
        Directory.CreateDirectory(folder["in/usr/bin"]);
        Directory.CreateDirectory(folder[longFolder]);
        File.WriteAllText(folder["in/DEBIAN/control"], "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n");
        File.WriteAllText(folder["in/DEBIAN/conffiles"], "/usr/bin/tool\n");
        File.WriteAllText(folder["in/DEBIAN/postinst"], "#!/bin/sh\n");
        Oracle.Succeed("chmod", "0755", folder["in/DEBIAN/postinst"]);
        File.WriteAllText(folder["in/usr/bin/tool"], "tool");
        Oracle.Succeed("chmod", "4755", folder["in/usr/bin/tool"]);
        File.WriteAllBytes(folder["in/usr/bin/large"], [.. Enumerable.Range(0, 700_000).Select(i => (byte)((i >> 7) * (i % 251) % 256))]);
        File.WriteAllBytes(folder["in/usr/bin/empty"], []);
        File.WriteAllText(folder[$"{longFolder}/Főtanúsítvány-{new string('f', 120)}"], "long");
        File.CreateSymbolicLink(folder["in/usr/bin/link"], "tool");
        File.CreateSymbolicLink(folder["in/usr/bin/longlink"], "../share/" + new string('t', 150));
        Oracle.Succeed("ln", folder["in/usr/bin/large"], folder["in/usr/bin/hard"]);
    }

    private static void Compare(TemporaryFolder folder, string deb)
    {
        foreach ((string option, string file) in ((string, string)[])[("--fsys-tarfile", "data.tar"), ("--ctrl-tarfile", "control.tar")])
        {
            Oracle.Succeed("sh", "-c", "dpkg-deb \"$1\" \"$2\" > \"$3\"", "sh", option, deb, folder[file]);
        }

        using SafeFileHandle debFile = File.OpenHandle(deb);
        DebReader reader = DebReader.Read(ByteSource.FromFile(debFile));
        using (FileStream data = File.Create(folder["ours.tar"]))
        {
            reader.DecompressData(data);
        }

        byte[] control = reader.DecompressControl();
        Assert.Equal(File.ReadAllBytes(folder["control.tar"]), control);
        Oracle.Succeed("cmp", folder["data.tar"], folder["ours.tar"]);
        using SafeFileHandle dataFile = File.OpenHandle(folder["ours.tar"]);
        FileTree tree = DebContents.ReadTree(ByteSource.FromFile(dataFile));
        CompareWithListing(tree, Oracle.Succeed("dpkg-deb", "--contents", deb));
        CompareWithLibrary(tree, folder["data.tar"]);
        CompareControl(DebContents.ReadControl(control), folder["control.tar"]);
    }

    private static void CompareWithListing(FileTree tree, string listing)
    {
        List<string> theirs = [];
        foreach (string line in listing.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Match match = ListingLine().Match(line);
            Assert.True(match.Success, line);
            string path = match.Groups["name"].Value;
            string target = match.Groups["target"].Value;
            string mode = match.Groups["mode"].Value;
            if (path == "./")
            {
                continue;
            }

            theirs.Add(target.Length > 0 && mode[0] != 'l' ? $"{path} -> {target}" : $"{mode} {match.Groups["size"].Value} {path} {target}".TrimEnd());
        }

        // dpkg-deb lists a hard link by its target; which of the names is the link it takes from the archive.
        Dictionary<FileNode, string> seen = [];
        List<string> ours = [];
        HashSet<string> links = [.. theirs.Where(t => t.Contains(" -> ", StringComparison.Ordinal)).Select(t => t.Split(" -> ")[0])];
        foreach ((string path, FileNode node) in tree.Walk().OrderBy(e => links.Contains("./" + e.Path)))
        {
            string name = $"./{path}{(node.Kind == FileKind.Directory ? "/" : "")}";
            if (!seen.TryAdd(node, name))
            {
                ours.Add($"{name} -> {seen[node]}");
                continue;
            }

            ours.Add($"{Letters(node)} {node.Content.Length} {name} {node.LinkTarget}".TrimEnd());
        }

        Assert.Equal(theirs.Order(StringComparer.Ordinal), ours.Order(StringComparer.Ordinal));
    }

    private static void CompareWithLibrary(FileTree tree, string tar)
    {
        int count = 0;
        using FileStream stream = File.OpenRead(tar);
        using System.Formats.Tar.TarReader reader = new(stream);
        while (reader.GetNextEntry() is { } entry)
        {
            Assert.True(tree.TryFind(entry.Name, out FileNode? node), entry.Name);
            Assert.Equal((entry.Uid, entry.Gid, (int)entry.Mode), ((int)node.UserId, (int)node.GroupId, node.Permissions));
            Assert.Equal(entry.ModificationTime.ToUnixTimeSeconds(), node.ModifiedSeconds);
            if (entry.EntryType == TarEntryType.SymbolicLink)
            {
                Assert.Equal(entry.LinkName, node.LinkTarget);
            }

            if (entry.DataStream is { } data)
            {
                byte[] content = new byte[data.Length];
                data.ReadExactly(content);
                Assert.True(content.AsSpan().SequenceEqual(node.Content.ToArray()), entry.Name);
            }

            count += node == tree.Root ? 0 : 1;
        }

        Assert.Equal(count, tree.Walk().Count());
    }

    private static void CompareControl(IReadOnlyDictionary<string, byte[]> files, string tar)
    {
        using FileStream stream = File.OpenRead(tar);
        using System.Formats.Tar.TarReader reader = new(stream);
        SortedSet<string> names = new(StringComparer.Ordinal);
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.EntryType == TarEntryType.RegularFile)
            {
                string name = entry.Name.TrimStart('.', '/');
                names.Add(name);
                Assert.Equal(entry.Length, files[name].Length);
            }
        }

        Assert.Equal(names, files.Keys);
    }

    private static string Letters(FileNode node)
    {
        char[] letters = [node.Kind switch { FileKind.Directory => 'd', FileKind.SymbolicLink => 'l', _ => '-' }, .. "rwxrwxrwx"];
        for (int bit = 0; bit < 9; bit++)
        {
            letters[9 - bit] = (node.Permissions >> bit & 1) != 0 ? letters[9 - bit] : '-';
        }

        foreach ((int bit, int at, char letter) in ((int, int, char)[])[(11, 3, 's'), (10, 6, 's'), (9, 9, 't')])
        {
            if ((node.Permissions >> bit & 1) != 0)
            {
                letters[at] = letters[at] == 'x' ? letter : char.ToUpper(letter, CultureInfo.InvariantCulture);
            }
        }

        return new string(letters);
    }

    [GeneratedRegex(@"^(?<mode>\S{10}) \S+ +(?<size>\S+) \S+ \S+ (?<name>.*?)(?: (?:->|link to) (?<target>.*))?$")]
    private static partial Regex ListingLine();
}
