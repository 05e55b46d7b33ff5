using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tests.Tree;
using Mantle.ImageBuilder.Tree;
using Mantle.ImageBuilder.Twin;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Twin;

/// <summary>A small appliance with a twin, as trees and as what is read from finished disks.</summary>
internal static class Twins
{
    public const string Debug = """
        debug:
          packages:
            roots: [box]
          remove: [/usr/share]
          files:
            - path: /etc/debug/note
              content: look around
              owner: web
          init:
            source: twin-init
          command-line:
            - word: console=ttyS0
              replaces: console=ttynull
              reason: somebody wants to see
            - replaces: quiet
              reason: somebody wants to hear
            - word: initcall_debug
              reason: somebody wants to know
        """;

    public static IReadOnlyList<UnpackedPackage> Packages { get; } = [Trees.Package("libc6", ("usr/lib/libc.so", Trees.Text("c")))];

    public static IReadOnlyList<UnpackedPackage> More { get; } =
        [Trees.Package("box", ("bin/box", Trees.Text("box", 0b111_101_101)), ("usr/share/doc/box/copyright", Trees.Text("free")))];

    public static Recipe Recipe(TemporaryFolder folder, string debug = Debug)
    {
        File.WriteAllText(folder["twin-init"], "#!/bin/box");
        return Trees.Recipe(folder, debug);
    }

    public static ImageContents Sealed(Recipe recipe) =>
        Contents(RootTree.Build(recipe, Packages), "quiet console=ttynull panic=-1 roothash=00", ApplianceFiles.OsRelease(recipe));

    public static ImageContents Twin(Recipe recipe) =>
        Contents(TwinTree.Build(recipe, Packages, More), "console=ttyS0 panic=-1 roothash=01 initcall_debug", TwinTree.OsRelease(recipe));

    public static ByteSource Bytes(string text) => ByteSource.FromMemory(Encoding.UTF8.GetBytes(text));

    private static ImageContents Contents(FileTree root, string words, byte[] osRelease) => new()
    {
        Partitions = ["1 ESP", "2 root"],
        EspPaths = ["EFI", "EFI/BOOT", "EFI/BOOT/BOOTX64.EFI"],
        Headers = ["entry 0x1000"],
        Sections = [(".text", Bytes("code")), (".osrel", ByteSource.FromMemory(osRelease)), (".cmdline", Bytes(words)), (".initrd", Bytes("initrd"))],
        Root = root,
    };
}
