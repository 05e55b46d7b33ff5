using System.Text;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tests.Tree;
using Mantle.ImageBuilder.Tree;
using Mantle.ImageBuilder.Twin;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Twin;

public sealed class TwinTreeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_sealed_image_does_not_know_whether_there_is_a_twin()
    {
        string with = Digest(RootTree.Build(Twins.Recipe(_folder), Twins.Packages));
        _ = TwinTree.Build(Twins.Recipe(_folder), Twins.Packages, Twins.More);

        Assert.Equal(with, Digest(RootTree.Build(Twins.Recipe(_folder), Twins.Packages)));
        Assert.Equal(with, Digest(RootTree.Build(Twins.Recipe(_folder, ""), Twins.Packages)));
    }

    [Fact]
    public void The_sealed_program_stands_beside_the_one_that_takes_its_place()
    {
        FileTree tree = TwinTree.Build(Twins.Recipe(_folder), Twins.Packages, Twins.More);

        Assert.Equal("#!/bin/box", Text(tree, "usr/sbin/init"));
        Assert.Equal("\u007fELF init", Text(tree, "usr/lib/mantle/sealed-init"));
        Assert.Equal(0b111_101_101, Find(tree, "usr/sbin/init").Permissions);
        Assert.Equal((7u, 7u), (Find(tree, "etc/debug/note").UserId, Find(tree, "etc/debug/note").GroupId));
    }

    [Fact]
    public void Without_a_program_of_its_own_the_twin_starts_the_sealed_one()
    {
        Recipe recipe = Twins.Recipe(_folder, "debug:\n  command-line: []");
        FileTree tree = TwinTree.Build(recipe, Twins.Packages, []);

        Assert.Equal("\u007fELF init", Text(tree, "usr/sbin/init"));
        Assert.False(tree.TryFind("usr/lib/mantle", out _));
        Assert.Contains("VARIANT_ID=debug\n", Text(tree, "usr/lib/os-release"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_that_would_replace_a_file_of_the_sealed_image_is_refused()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => TwinTree.Build(
            Twins.Recipe(_folder), Twins.Packages, [.. Twins.More, Trees.Package("other", ("usr/lib/libc.so", Trees.Text("d")))]));
        Assert.Matches(@"^.*a\.yaml:\d+:\d+: ""/usr/lib/libc\.so"" of package ""other"" is already in the sealed image, from ""libc6""", error.Message);
    }

    [Theory]
    [InlineData("/usr/sbin/init")]
    [InlineData("/usr/lib/libc.so")]
    [InlineData("/etc/passwd")]
    public void A_file_that_would_replace_one_of_the_sealed_image_is_refused(string path)
    {
        Recipe recipe = Twins.Recipe(_folder, $"debug:\n  files:\n    - path: {path}\n      content: x");
        UserErrorException error = Assert.Throws<UserErrorException>(() => TwinTree.Build(recipe, Twins.Packages, []));
        Assert.Contains($"\"{path}\" is already there", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Maintainer_scripts_of_its_packages_are_declared_in_its_own_list()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => TwinTree.Build(
            Twins.Recipe(_folder), Twins.Packages, [Trees.WithControl("box", new() { ["postinst"] = "#!/bin/sh"u8.ToArray() }, ("usr/share/box", Trees.Text("x")))]));
        Assert.Contains("under debug.packages.maintainer-scripts", error.Hint, StringComparison.Ordinal);
    }

    private static string Digest(FileTree tree) => Convert.ToHexStringLower(TreeDigest.Compute(tree, CancellationToken.None).Value.Span);

    private static FileNode Find(FileTree tree, string path) => tree.TryFind(path, out FileNode? node) ? node : throw new InvalidOperationException(path);

    private static string Text(FileTree tree, string path) => Encoding.UTF8.GetString(Find(tree, path).Content.ToArray());
}
