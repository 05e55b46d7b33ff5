using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Tree;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tests.Tree;

public class SealCheckTests
{
    [Fact]
    public void Programs_are_counted_and_libraries_are_not()
    {
        byte[] elf = File.ReadAllBytes(Environment.ProcessPath!);
        FileTree tree = new();
        tree.Put("usr/bin/service", FileNode.Regular(Mantle.Formats.Bytes.ByteSource.FromMemory(elf), 0b111_101_101));
        tree.Put("usr/lib/libc.so.6", FileNode.Regular(Mantle.Formats.Bytes.ByteSource.FromMemory(elf), 0b111_101_101));
        tree.Put("usr/share/hidden", FileNode.Regular(Mantle.Formats.Bytes.ByteSource.FromMemory(elf)));

        Assert.Equal(["usr/bin/service", "usr/share/hidden"], SealCheck.Check(tree));
    }

    public static TheoryData<string, FileNode, string> WaysIn => new()
    {
        { "usr/bin/x", Trees.Text("x", 0b100_111_101_101), "is set-user-ID or set-group-ID" },
        { "usr/bin/x", Trees.Text("x", 0b010_111_101_101), "is set-user-ID or set-group-ID" },
        { "usr/bin/x", Trees.Text("#!/usr/bin/env python3\n", 0b111_101_101), "is a script" },
        { "usr/share/x", Trees.Text("#!/bin/sh\n"), "is a script" },
        { "usr/bin/dash", Trees.Text("x"), "has the name of a shell" },
        { "usr/bin/python3.13", Trees.Text("x"), "has the name of a shell" },
        { "usr/bin/sh", FileNode.SymbolicLink("service"), "has the name of a shell" },
        { "usr/lib/x", Trees.Text("x", 0b110_110_110), "may be written by everybody" },
        { "usr/lib/d", FileNode.Directory(0b111_111_111), "may be written by everybody" },
        { "usr/lib/x", new FileNode(FileKind.BlockDevice, 0b110_000_000), "is a device, a pipe or a socket" },
        { "usr/bin/x", WithCapability(), "carries file capabilities" },
    };

    [Theory]
    [MemberData(nameof(WaysIn))]
    public void A_way_in_is_refused(string path, FileNode node, string problem)
    {
        node.Origin = "planted";
        FileTree tree = new();
        tree.Put(path, node);
        UserErrorException error = Assert.Throws<UserErrorException>(() => SealCheck.Check(tree));
        Assert.StartsWith($"seal: \"/{path}\" (planted) {problem}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sticky_directory_for_everybody_is_what_tmp_is()
    {
        FileTree tree = new();
        tree.Put("tmp", FileNode.Directory(0b001_111_111_111));
        Assert.Empty(SealCheck.Check(tree));
    }

    private static FileNode WithCapability()
    {
        FileNode node = Trees.Text("x", 0b111_101_101);
        node.ExtendedAttributes["security.capability"] = [1];
        return node;
    }
}
