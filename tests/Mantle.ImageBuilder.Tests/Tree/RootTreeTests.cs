using System.Text;
using System.Text.Json;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Tree;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Tree;

public sealed class RootTreeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Packages_land_below_usr_and_the_old_places_are_links()
    {
        FileTree tree = Build("", Trees.Package("libc6", ("lib/x.so", Trees.Text("x")), ("usr/lib/y.so", Trees.Text("y"))));

        Assert.Equal("usr/lib", Find(tree, "lib").LinkTarget);
        Assert.Equal("x", Encoding.UTF8.GetString(Find(tree, "usr/lib/x.so").Content.ToArray()));
        Assert.Equal(FileKind.Regular, Find(tree, "usr/lib/y.so").Kind);
    }

    [Fact]
    public void Every_file_carries_the_epoch()
    {
        FileTree tree = Build("", Trees.Package("libc6", ("usr/lib/y.so", Trees.Text("y"))));
        Assert.All(tree.Walk(), entry => Assert.Equal(1767225600, entry.Node.ModifiedSeconds));
        Assert.Equal(1767225600, tree.Root.ModifiedSeconds);
    }

    [Fact]
    public void Removals_take_directories_and_what_they_emptied()
    {
        FileTree tree = Build(
            "remove: [/usr/share/doc, /usr/lib/*.a]",
            Trees.Package("libc6", ("usr/share/doc/libc6/copyright", Trees.Text("c")), ("usr/lib/c.a", Trees.Text("a")), ("usr/lib/c.so", Trees.Text("s"))));

        Assert.False(tree.TryFind("usr/share", out _));
        Assert.False(tree.TryFind("usr/lib/c.a", out _));
        Assert.True(tree.TryFind("usr/lib/c.so", out _));
    }

    [Fact]
    public void A_removal_that_matches_nothing_is_an_error_with_its_line() =>
        Refused(@"a\.yaml:\d+:\d+: removal ""/usr/share/doc"" matches no file", "remove: [/usr/share/doc]");

    [Fact]
    public void Two_packages_with_the_same_file_are_refused() =>
        Refused(
            "\"/usr/lib/x\" is in package \"b\" and already came from \"a\"",
            "", Trees.Package("a", ("usr/lib/x", Trees.Text("1"))), Trees.Package("b", ("lib/x", Trees.Text("2"))));

    [Fact]
    public void An_undeclared_maintainer_script_is_an_error_that_names_its_digest() =>
        Refused(
            "package \"libc6\" 1.0-1 has maintainer scripts \\(postinst\\) whose effect is not declared",
            "", Trees.WithControl("libc6", new() { ["postinst"] = "#!/bin/sh\nadduser x\n"u8.ToArray() }));

    [Fact]
    public void A_declared_script_is_accepted_until_it_changes()
    {
        Dictionary<string, byte[]> control = new() { ["postinst"] = "#!/bin/sh\nupgrade from 1.2\n"u8.ToArray() };
        string declaration = $"""
            roots: [libc6]
              maintainer-scripts:
                - package: libc6
                  reason: it only restarts services
                  sha256: {MaintainerScripts.Digest(control)}
            """;
        RootTree.Build(Trees.Recipe(_folder, "", declaration), [Trees.WithControl("libc6", control)]);

        control["postinst"] = "#!/bin/sh\nupgrade from 1.3\n"u8.ToArray();
        RootTree.Build(Trees.Recipe(_folder, "", declaration), [Trees.WithControl("libc6", control)]);

        control["postinst"] = "#!/bin/sh\nadduser x\n"u8.ToArray();
        UserErrorException error = Assert.Throws<UserErrorException>(
            () => RootTree.Build(Trees.Recipe(_folder, "", declaration), [Trees.WithControl("libc6", control)]));
        Assert.Contains("that are not the ones declared", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trigger_for_the_library_cache_needs_no_declaration() =>
        Build("", Trees.WithControl("libc6", new() { ["triggers"] = "# Triggers\nactivate-noawait ldconfig\n"u8.ToArray() }));

    [Fact]
    public void The_certificate_bundle_holds_every_certificate_in_order()
    {
        Dictionary<string, byte[]> control = new() { ["postinst"] = "update-ca-certificates"u8.ToArray() };
        string declaration = $"""
            roots: [ca-certificates]
              maintainer-scripts:
                - package: ca-certificates
                  effect: ca-bundle
                  reason: it makes the bundle
                  sha256: {MaintainerScripts.Digest(control)}
            """;
        FileTree tree = RootTree.Build(Trees.Recipe(_folder, "", declaration), [Trees.WithControl(
            "ca-certificates", control,
            ("usr/share/ca-certificates/m/b.crt", Trees.Text("B")), ("usr/share/ca-certificates/m/a.crt", Trees.Text("A\n")))]);

        Assert.Equal("A\nB\n", Encoding.UTF8.GetString(Find(tree, "etc/ssl/certs/ca-certificates.crt").Content.ToArray()));
    }

    [Fact]
    public void A_certificate_bundle_can_hold_those_alone_that_the_recipe_wants()
    {
        Dictionary<string, byte[]> control = new() { ["postinst"] = "update-ca-certificates"u8.ToArray() };
        FileTree Of(string wanted) => RootTree.Build(
            Trees.Recipe(_folder, "", $"""
                roots: [ca-certificates]
                  maintainer-scripts:
                    - package: ca-certificates
                      effect: ca-bundle
                      certificates: {wanted}
                      reason: it makes the bundle
                      sha256: {MaintainerScripts.Digest(control)}
                """),
            [Trees.WithControl(
                "ca-certificates", control,
                ("usr/share/ca-certificates/m/b.crt", Trees.Text("B")), ("usr/share/ca-certificates/m/a1.crt", Trees.Text("A1")), ("usr/share/ca-certificates/m/a2.crt", Trees.Text("A2")))]);

        Assert.Equal("A1\nA2\n", Encoding.UTF8.GetString(Find(Of("[a*.crt]"), "etc/ssl/certs/ca-certificates.crt").Content.ToArray()));
        Assert.Contains("\"c*.crt\" matches no certificate", Assert.Throws<UserErrorException>(() => Of("[a1.crt, c*.crt]")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Added_files_have_content_owner_and_mode()
    {
        FileTree tree = Build("""
            files:
              - path: /etc/motd
                content: "none\n"
                mode: "0600"
                owner: web
              - path: /var/lib/web
                directory: true
                owner: web
              - path: /etc/link
                link: motd
            """);

        FileNode file = Find(tree, "etc/motd");
        Assert.Equal((0b110_000_000, 7u, 7u, "none\n"), (file.Permissions, file.UserId, file.GroupId, Encoding.UTF8.GetString(file.Content.ToArray())));
        Assert.Equal((FileKind.Directory, 7u), (Find(tree, "var/lib/web").Kind, Find(tree, "var/lib/web").UserId));
        Assert.Equal("motd", Find(tree, "etc/link").LinkTarget);
    }

    [Fact]
    public void An_added_file_does_not_replace_silently() =>
        Refused(
            "\"/usr/lib/x\" is already there, from \"a\"",
            "files:\n  - path: /usr/lib/x\n    content: y", Trees.Package("a", ("usr/lib/x", Trees.Text("1"))));

    [Theory]
    [InlineData("files:\n  - path: /etc/os-release/x\n    content: y", "lies below \"/etc/os-release\", which is a link to")]
    [InlineData("files:\n  - path: /lib/x\n    content: y", "lies below \"/lib\", which is a link to \"usr/lib\"")]
    [InlineData("memory:\n  - path: /lib/x\n    size: 1 MiB", "lies below \"/lib\", which is a link to \"usr/lib\"")]
    public void A_file_below_a_link_is_refused(string more, string problem) => Refused(problem, more);

    [Fact]
    public void A_package_cannot_put_a_link_or_a_file_where_another_has_a_directory()
    {
        UnpackedPackage a = Trees.Package("a", ("usr/share/a/x", Trees.Text("1")));
        foreach (FileNode node in (FileNode[])[FileNode.SymbolicLink("/etc"), Trees.Text("file")])
        {
            Refused("\"/usr/share/a\" is in package \"b\" and already came from \"a\"", "", a, Trees.Package("b", ("usr/share/a", node)));
            Refused("\"/usr/share/a\" is in package \"a\" and already came from \"b\"", "", Trees.Package("b", ("usr/share/a", node)), a);
        }

        Refused("\"/usr/lib\" is in package \"b\"", "", Trees.Package("b", ("lib", FileNode.SymbolicLink("/tmp"))));
    }

    [Fact]
    public void A_package_cannot_move_what_the_builder_writes()
    {
        Refused("lies below \"/etc/mantle\", which is a link to \"/tmp\"", "", Trees.Package("b", ("etc/mantle", FileNode.SymbolicLink("/tmp"))));
        Refused("\"/etc\" is in package \"b\"", "", Trees.Package("b", ("etc", FileNode.SymbolicLink("/tmp"))));
    }

    [Fact]
    public void The_links_of_merged_usr_may_come_from_a_package_too() =>
        Assert.Equal("usr/lib", Find(Build("", Trees.Package("base-files", ("lib", FileNode.SymbolicLink("usr/lib")))), "lib").LinkTarget);

    [Fact]
    public void No_account_can_sign_in()
    {
        FileTree tree = Build("");
        Assert.Equal("root:*:0:0:root:/:\nweb:*:7:7:web:/:\n", Encoding.UTF8.GetString(Find(tree, "etc/passwd").Content.ToArray()));
        Assert.False(tree.TryFind("etc/shadow", out _));
    }

    [Fact]
    public void Process_1_finds_its_configuration()
    {
        FileTree tree = Build("memory:\n  - path: /run\n    size: 1 MiB");
        using JsonDocument json = JsonDocument.Parse(Find(tree, "etc/mantle/appliance.json").Content.ToArray());
        Assert.Equal("/usr/bin/web", json.RootElement.GetProperty("service").GetProperty("exec").GetString());
        Assert.Equal(7, json.RootElement.GetProperty("service").GetProperty("user_id").GetInt32());
        Assert.Equal(1 << 20, json.RootElement.GetProperty("tmpfs")[0].GetProperty("size_bytes").GetInt32());
        Assert.Equal(FileKind.Regular, Find(tree, "usr/sbin/init").Kind);
    }

    [Fact]
    public void A_missing_source_is_an_error_that_says_how_to_make_it()
    {
        File.Delete(_folder["init"]);
        Mantle.ImageBuilder.Recipes.Recipe recipe = Trees.Recipe(_folder);
        File.Delete(_folder["init"]);
        UserErrorException error = Assert.Throws<UserErrorException>(() => RootTree.Build(recipe, []));
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
        Assert.Contains("make guest", error.Hint, StringComparison.Ordinal);
    }

    private FileTree Build(string more, params UnpackedPackage[] packages) => RootTree.Build(Trees.Recipe(_folder, more), packages);

    private void Refused(string pattern, string more, params UnpackedPackage[] packages)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => Build(more, packages));
        Assert.Matches(pattern, error.Message);
        Assert.NotNull(error.Hint);
    }

    private static FileNode Find(FileTree tree, string path)
    {
        Assert.True(tree.TryFind(path, out FileNode? node), path);
        return node;
    }
}
