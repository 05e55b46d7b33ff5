using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tests.Tree;
using Mantle.ImageBuilder.Twin;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Twin;

/// <summary>The judge of a twin: what is declared passes with the name of its declaration, and nothing else passes.</summary>
public sealed class TwinDifferenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Recipe _recipe;

    public TwinDifferenceTests() => _recipe = Twins.Recipe(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_change_has_the_package_or_the_line_that_declares_it()
    {
        TwinDifference difference = Compare(Twins.Twin(_recipe));

        difference.RequireDeclared();
        Assert.Equal(
            [
                ("root", "/etc/debug", "added", "debug.files"),
                ("root", "/etc/debug/note", "added", "debug.files"),
                ("root", "/usr/bin/box", "added", "package box 1.0-1"),
                ("root", "/usr/lib/mantle", "added", "debug.init"),
                ("root", "/usr/lib/mantle/sealed-init", "added", "debug.init"),
                ("root", "/usr/lib/os-release", "changed", "the mark of every twin"),
                ("root", "/usr/sbin/init", "changed", "debug.init"),
                ("command-line", "console=ttynull", "changed", "somebody wants to see"),
                ("command-line", "quiet", "removed", "somebody wants to hear"),
                ("command-line", "initcall_debug", "added", "somebody wants to know"),
                ("command-line", "roothash", "changed", "follows from the files of the root"),
                ("os-release", "PRETTY_NAME", "changed", "the mark of every twin"),
                ("os-release", "IMAGE_ID", "changed", "the mark of every twin"),
                ("os-release", "VARIANT_ID", "changed", "the mark of every twin"),
                ("os-release", "VARIANT", "added", "the mark of every twin"),
            ],
            difference.Changes.Select(change => (change.Part, change.Name, change.Kind, Tail(change.DeclaredBy!))));
        Assert.All(difference.Changes.Where(change => change.DeclaredBy!.Contains("debug.", StringComparison.Ordinal)), change => Assert.Matches(@"^a\.yaml:\d+:\d+ debug\.", change.DeclaredBy));
    }

    [Fact]
    public void The_sealed_image_is_no_difference_to_itself_but_lacks_what_is_declared()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => Compare(Twins.Sealed(_recipe)).RequireDeclared());
        Assert.Contains("command-line \"all words\"", error.Message, StringComparison.Ordinal);
    }

    // Each row plants one thing in the twin's root; no declaration may cover it.
    [Theory]
    [InlineData("usr/bin/sshd", "a file more", "added")]
    [InlineData("usr/lib/mantle/second", "a file beside a declared one", "added")]
    [InlineData("usr/bin/box", "other bytes than the package's", "added")]
    [InlineData("usr/sbin/init", "another program than the recipe's", "changed")]
    [InlineData("usr/lib/mantle/sealed-init", "another program than the sealed one", "added")]
    [InlineData("usr/lib/os-release", "VARIANT_ID=debug\n", "changed")]
    [InlineData("usr/lib/libc.so", "another library", "changed")]
    [InlineData("etc/passwd", "root::0:0:root:/:/usr/bin/box", "changed")]
    [InlineData("usr/share", "what the recipe removes of a package", "added")]
    public void A_file_that_nothing_declares_is_refused(string path, string content, string kind)
    {
        ImageContents twin = Twins.Twin(_recipe);
        int permissions = twin.Root.TryFind(path, out FileNode? present) ? present.Permissions : 0b110_100_100;
        FileNode planted = Trees.Text(content, permissions);
        planted.ModifiedSeconds = _recipe.Epoch;
        twin.Root.Put(path, planted);

        AssertRefused(twin, $"root \"/{path}\" is {kind}");
    }

    [Fact]
    public void A_file_that_is_gone_is_refused()
    {
        ImageContents twin = Twins.Twin(_recipe);
        Assert.True(twin.Root.Remove("usr/lib/libc.so"));

        AssertRefused(twin, "root \"/usr/lib/libc.so\" is removed");
    }

    [Fact]
    public void Another_mode_owner_time_or_attribute_of_any_file_is_refused()
    {
        foreach (string path in (string[])["usr/bin/box", "usr/lib/libc.so", "usr/sbin", "usr/lib/mantle", ""])
        {
            foreach (Action<FileNode> change in (Action<FileNode>[])
                [node => node.Permissions ^= 0b100_000_000_000, node => node.UserId++, node => node.ModifiedSeconds++, node => node.ExtendedAttributes["security.capability"] = [1]])
            {
                // The nodes of packages are shared between trees, so the changed one is a copy.
                ImageContents twin = Twins.Twin(_recipe);
                Assert.True(twin.Root.TryFind(path, out FileNode? node));
                if (path.Length > 0 && node.Kind == FileKind.Regular)
                {
                    FileNode copy = FileNode.Regular(node.Content, node.Permissions);
                    copy.ModifiedSeconds = node.ModifiedSeconds;
                    twin.Root.Put(path, node = copy);
                }

                change(node);
                AssertRefused(twin, $"root \"/{path}\" is ");
            }
        }
    }

    [Theory]
    [InlineData("console=ttyS0 panic=-1 roothash=01 initcall_debug init=/bin/box")]
    [InlineData("console=ttyS0 roothash=01 initcall_debug")]
    [InlineData("panic=-1 console=ttyS0 roothash=01 initcall_debug")]
    [InlineData("quiet console=ttyS0 panic=-1 roothash=01 initcall_debug")]
    public void Another_command_line_is_refused(string words) =>
        AssertRefused(With(Twins.Twin(_recipe), ".cmdline", words), "command-line \"all words\" is changed");

    [Fact]
    public void Another_os_release_in_the_uki_is_refused() =>
        AssertRefused(With(Twins.Twin(_recipe), ".osrel", "ID=tiny\nVARIANT_ID=debug\nIMAGE_ID=tiny"), "os-release ");

    [Fact]
    public void Another_stub_or_initrd_is_refused()
    {
        AssertRefused(With(Twins.Twin(_recipe), ".initrd", "more"), "uki \".initrd\" is changed");
        AssertRefused(With(Twins.Twin(_recipe), ".text", "jump"), "uki \".text\" is changed");
    }

    [Fact]
    public void Another_section_entry_point_file_or_partition_is_refused()
    {
        ImageContents twin = Twins.Twin(_recipe);
        AssertRefused(twin with { Sections = [.. twin.Sections, (".ucode", Twins.Bytes("x"))] }, "uki \"contents\" is changed");
        AssertRefused(twin with { Headers = ["entry 0x2000"] }, "uki-headers \"contents\" is changed");
        AssertRefused(twin with { EspPaths = [.. twin.EspPaths, "loader"] }, "esp \"contents\" is changed");
        AssertRefused(twin with { Partitions = [.. twin.Partitions, "3 home"] }, "disk \"contents\" is changed");
    }

    private static ImageContents With(ImageContents contents, string section, string text) =>
        contents with { Sections = [.. contents.Sections.Select(s => s.Name == section ? (section, Twins.Bytes(text)) : s)] };

    private TwinDifference Compare(ImageContents twin) => TwinDifference.Between(Twins.Sealed(_recipe), twin, _recipe, Twins.More);

    private void AssertRefused(ImageContents twin, string problem)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => Compare(twin).RequireDeclared());
        Assert.Equal(ExitCode.Mismatch, error.Code);
        Assert.StartsWith($"difference: {problem}", error.Message, StringComparison.Ordinal);
    }

    private static string Tail(string by) => by.StartsWith("a.yaml", StringComparison.Ordinal) ? by[(by.LastIndexOf(": ", StringComparison.Ordinal) is > 0 and int at ? at + 2 : by.IndexOf(' ', StringComparison.Ordinal) + 1)..] : by;
}
