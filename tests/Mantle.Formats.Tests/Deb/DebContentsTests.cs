using System.Formats.Tar;
using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Deb;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Deb;

public class DebContentsTests
{
    [Fact]
    public void Hard_links_are_the_same_node()
    {
        FileTree tree = Read(DebBuilder.File("./a", "text"), DebBuilder.HardLink("./b", "./a"), DebBuilder.HardLink("./c", "b"));

        Assert.Same(tree.Root.Children["a"], tree.Root.Children["b"]);
        Assert.Same(tree.Root.Children["a"], tree.Root.Children["c"]);
    }

    [Fact]
    public void Devices_owners_modes_and_times_are_kept()
    {
        FileTree tree = Read(
            new GnuTarEntry(TarEntryType.CharacterDevice, "./null")
            {
                DeviceMajor = 1, DeviceMinor = 3, Uid = 3_000_000, Gid = 5, Mode = (UnixFileMode)0xFFF, ModificationTime = DebBuilder.Epoch,
            },
            new GnuTarEntry(TarEntryType.BlockDevice, "./disk") { DeviceMajor = 8, DeviceMinor = 16 },
            new GnuTarEntry(TarEntryType.Fifo, "./pipe"));

        FileNode node = tree.Root.Children["null"];
        Assert.Equal((FileKind.CharacterDevice, 1u, 3u, 3_000_000u, 5u), (node.Kind, node.DeviceMajor, node.DeviceMinor, node.UserId, node.GroupId));
        Assert.Equal((0xFFF, 1_700_000_000L), (node.Permissions, node.ModifiedSeconds));
        Assert.Equal((FileKind.BlockDevice, 8u, 16u), (tree.Root.Children["disk"].Kind, tree.Root.Children["disk"].DeviceMajor, tree.Root.Children["disk"].DeviceMinor));
        Assert.Equal(FileKind.Fifo, tree.Root.Children["pipe"].Kind);
    }

    [Fact]
    public void Extended_headers_give_names_sizes_and_attributes_as_bytes()
    {
        string name = "./" + new string('n', 200);
        byte[] capability = [1, 0, 0, 2, 0, 4, 0xFF, 0, 0, 0, 0, 0];
        byte[] tar = DebBuilder.Tar(new PaxTarEntry(TarEntryType.RegularFile, name, new Dictionary<string, string> { ["SCHILY.xattr.security.capability"] = "PLACEHOLDER=" })
        {
            DataStream = new MemoryStream([1, 2, 3]),
        });
        capability.CopyTo(tar, tar.AsSpan().IndexOf("PLACEHOLDER="u8));

        FileNode node = DebContents.ReadTree(ByteSource.FromMemory(tar)).Root.Children[name[2..]];

        Assert.Equal(capability, node.ExtendedAttributes["security.capability"]);
        Assert.Equal([1, 2, 3], node.Content.ToArray());
    }

    [Fact]
    public void Attributes_that_gnu_tar_records_are_read_back()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        File.WriteAllText(folder["in/" + new string('f', 150)], "x");
        Oracle.Succeed("tar", "-C", folder["in"], "--format=pax", "--owner=4000000:4000000", "--pax-option=SCHILY.xattr.user.note:=colour", "-cf", folder["x.tar"], ".");

        FileNode node = DebContents.ReadTree(ByteSource.FromMemory(File.ReadAllBytes(folder["x.tar"]))).Root.Children[new string('f', 150)];

        Assert.Equal("colour", Encoding.ASCII.GetString(node.ExtendedAttributes["user.note"]));
        Assert.Equal(4_000_000u, node.UserId);
    }

    [Fact]
    public void Names_that_are_not_utf8_keep_their_bytes()
    {
        byte[] tar = DebBuilder.Tar(DebBuilder.File("./NAME", "x"));
        tar[2] = 0xFF;
        FixChecksum(tar);

        Assert.Equal([0xFF, (byte)'A', (byte)'M', (byte)'E'], LinuxText.Encode(DebContents.ReadTree(ByteSource.FromMemory(tar)).Root.Children.Keys.Single()));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../up")]
    [InlineData("./../up")]
    [InlineData("./usr/../../up")]
    [InlineData("./usr/..")]
    [InlineData(".//x")]
    [InlineData("./usr/./x")]
    [InlineData("..")]
    [InlineData("./file/")]
    [InlineData("./missing/x")]
    [InlineData("./link/x")]
    [InlineData("./existing/x")]
    [InlineData("./existing")]
    [InlineData("./usr")]
    [InlineData("./")]
    public void A_path_that_could_touch_anything_else_is_refused_by_name(string path)
    {
        MalformedInputException refusal = Assert.Throws<MalformedInputException>(() => Read(
            DebBuilder.Directory("./usr/"), DebBuilder.Symlink("./link", "usr"), DebBuilder.File("./existing", "x"), DebBuilder.File(path, "x")));

        string shown = path.StartsWith("./", StringComparison.Ordinal) && !path.Contains("..", StringComparison.Ordinal) ? path[2..] : path;
        Assert.Contains(shown.TrimEnd('/'), refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("existing")]
    [InlineData("link")]
    public void A_directory_in_the_place_of_something_else_is_refused(string path) =>
        Assert.Contains($"\"{path}\" occurs a second time, as another kind", Assert.Throws<MalformedInputException>(() => Read(
            DebBuilder.Symlink("./link", "usr"), DebBuilder.File("./existing", "x"), DebBuilder.Directory($"./{path}/"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("./later")]
    [InlineData("/etc/shadow")]
    [InlineData("../up")]
    [InlineData("./usr")]
    [InlineData("./link/x")]
    public void A_hard_link_to_anything_but_an_earlier_file_is_refused(string target) =>
        Assert.Throws<MalformedInputException>(() => Read(
            DebBuilder.Directory("./usr/"), DebBuilder.File("./usr/x", "x"), DebBuilder.Symlink("./link", "usr"), DebBuilder.HardLink("./hard", target), DebBuilder.File("./later", "x")));

    [Fact]
    public void A_directory_may_be_listed_twice() =>
        Assert.Single(Read(DebBuilder.Directory("./"), DebBuilder.Directory("./usr/"), DebBuilder.Directory("./usr/")).Root.Children);

    [Fact]
    public void Headers_and_contents_may_come_from_two_sources()
    {
        byte[] tar = DebBuilder.Tar(DebBuilder.File("./a", "text"));
        byte[] other = [.. tar];
        "TEXT"u8.CopyTo(other.AsSpan(512));

        FileTree tree = DebContents.ReadTree(ByteSource.FromMemory(tar), ByteSource.FromMemory(other), "x");

        Assert.Equal("TEXT"u8, tree.Root.Children["a"].Content.ToArray());
        Assert.Equal("x", tree.Root.Children["a"].Origin);
    }

    [Fact]
    public void Control_files_are_found_by_name_and_nothing_else_is_accepted()
    {
        Assert.Equal("a"u8, DebContents.ReadControl(DebBuilder.Tar(DebBuilder.File("./control", "c"), DebBuilder.File("./postinst", "a")))["postinst"]);
        Assert.Throws<MalformedInputException>(() => DebContents.ReadControl(DebBuilder.Tar(DebBuilder.File("./postinst", "a"))));
        Assert.Throws<MalformedInputException>(() => DebContents.ReadControl(DebBuilder.Tar(DebBuilder.File("./control", "a"), DebBuilder.File("./control", "b"))));
        Assert.Throws<MalformedInputException>(() => DebContents.ReadControl(DebBuilder.Tar(DebBuilder.Symlink("./control", "/etc/passwd"))));
        Assert.Throws<MalformedInputException>(() => DebContents.ReadControl(DebBuilder.Tar(DebBuilder.File("./control", "a"), DebBuilder.Directory("./x/"))));
    }

    [Theory]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.V7)]
    public void An_archive_cut_anywhere_is_refused(TarEntryFormat format)
    {
        using MemoryStream stream = new();
        using (TarWriter writer = new(stream, format, leaveOpen: true))
        {
            string name = format is TarEntryFormat.V7 ? "./a" : "./" + string.Join('/', Enumerable.Repeat(new string('a', 30), 4));
            foreach (int slash in Enumerable.Range(2, name.Length - 2).Where(i => name[i] == '/'))
            {
                writer.WriteEntry(new GnuTarEntry(TarEntryType.Directory, name[..slash]));
            }

            writer.WriteEntry(Entry(format, name));
        }

        byte[] tar = stream.ToArray();
        DebContents.ReadTree(ByteSource.FromMemory(tar));
        for (int length = 0; length < tar.Length; length++)
        {
            Assert.Throws<MalformedInputException>(() => DebContents.ReadTree(ByteSource.FromMemory(tar.AsMemory(0, length))));
        }

        Assert.Throws<MalformedInputException>(() => DebContents.ReadTree(ByteSource.FromMemory((byte[])[.. tar, 1])));
    }

    [Fact]
    public void Any_change_to_an_archive_is_read_or_malformed()
    {
        byte[] tar = DebBuilder.Tar(
            DebBuilder.Directory("./usr/"),
            DebBuilder.File("./usr/" + new string('x', 120), "content"),
            new PaxTarEntry(TarEntryType.RegularFile, "./usr/p", new Dictionary<string, string> { ["SCHILY.xattr.user.a"] = "b" }) { DataStream = new MemoryStream([1]) },
            DebBuilder.Symlink("./l", new string('y', 120)),
            DebBuilder.HardLink("./h", "./usr/p"));
        Gen.Select(Gen.Int[0, tar.Length - 1], Gen.Byte, Gen.Int[0, tar.Length - 1], Gen.Byte).Sample((first, a, second, b) =>
        {
            byte[] changed = [.. tar];
            changed[first] = a;
            changed[second] = b;
            foreach (int header in Enumerable.Range(0, tar.Length / 512))
            {
                if (changed.AsSpan((header * 512) + 257, 5).SequenceEqual("ustar"u8))
                {
                    FixChecksum(changed.AsSpan(header * 512, 512));
                }
            }

            try
            {
                foreach ((string _, FileNode node) in DebContents.ReadTree(ByteSource.FromMemory(changed)).Walk())
                {
                    node.Content.ToArray();
                }
            }
            catch (MalformedInputException)
            {
            }
        }, iter: 3000);
    }

    private static System.Formats.Tar.TarEntry Entry(TarEntryFormat format, string name)
    {
        System.Formats.Tar.TarEntry entry = format switch
        {
            TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name),
            TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, name),
            TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, name),
            _ => new GnuTarEntry(TarEntryType.RegularFile, name),
        };
        entry.DataStream = new MemoryStream(new byte[700]);
        return entry;
    }

    private static void FixChecksum(Span<byte> header)
    {
        "        "u8.CopyTo(header[148..]);
        int sum = 0;
        foreach (byte value in header[..512])
        {
            sum += value;
        }

        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header[148..]);
    }

    private static FileTree Read(params IEnumerable<System.Formats.Tar.TarEntry> entries) =>
        DebContents.ReadTree(ByteSource.FromMemory(DebBuilder.Tar(entries)));
}
