using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tree;
using Mantle.Measure;
using Mantle.Measure.Twin;

namespace Mantle.ImageBuilder.Twin;

/// <summary>The root file system of the debug twin: the sealed one, and what the recipe declares under <c>debug</c> put on top of it.</summary>
public static class TwinTree
{
    /// <summary>Where the sealed image's process 1 is in a twin that starts another program in its place.</summary>
    public const string SealedInitPath = "usr/lib/mantle/sealed-init";

    /// <summary>The file with the mark.</summary>
    public const string OsReleasePath = "usr/lib/os-release";

    private const int Executable = 0b111_101_101;

    /// <summary>Assembles the tree.</summary>
    /// <param name="recipe">The recipe; it has a <c>debug</c> section.</param>
    /// <param name="packages">The packages of the sealed image.</param>
    /// <param name="more">The packages that only the twin has.</param>
    /// <exception cref="UserErrorException">What is declared is in the way of what the sealed image has.</exception>
    public static FileTree Build(Recipe recipe, IReadOnlyList<UnpackedPackage> packages, IReadOnlyList<UnpackedPackage> more)
    {
        FileTree tree = RootTree.Build(recipe, packages);
        Merge(tree, PackageFiles(recipe, more), recipe.Debug!.Position);
        if (recipe.Debug.Init is not null)
        {
            RootTree.Place(tree, SealedInitPath, SealedInit(recipe), recipe.Debug.Init.Position);
            tree.Put(ApplianceFiles.InitPath, TwinInit(recipe.Debug.Init));
        }

        tree.Put(OsReleasePath, OsReleaseFile(recipe));
        foreach (AddedFile file in recipe.Debug.Files)
        {
            RootTree.AddFile(tree, recipe, file);
        }

        RootTree.SetTimes(tree, recipe.Epoch);
        return tree;
    }

    /// <summary>os-release(5) of the twin: the sealed image's with the mark.</summary>
    public static byte[] OsRelease(Recipe recipe) => Encoding.UTF8.GetBytes(
        $"""
        ID={recipe.Name}
        NAME="{recipe.Name}"
        PRETTY_NAME="{recipe.Name} {recipe.Version} (debug)"
        VERSION_ID={recipe.Version}
        IMAGE_ID={recipe.Name}{DebugTwin.ImageSuffix}
        IMAGE_VERSION={recipe.Version}
        VARIANT={DebugTwin.Variant}
        VARIANT_ID={DebugTwin.Variant}

        """);

    /// <summary>What the packages bring, without what the recipe removes of it.</summary>
    internal static FileTree PackageFiles(Recipe recipe, IReadOnlyList<UnpackedPackage> more)
    {
        MaintainerScripts.MatchTwin(recipe, more);
        FileTree brought = new();
        foreach (UnpackedPackage package in more)
        {
            RootTree.AddPackage(brought, package);
        }

        RootTree.Remove(brought, recipe.Debug!.Remove);
        return brought;
    }

    internal static FileNode SealedInit(Recipe recipe)
    {
        FileNode node = FileNode.Regular(RootTree.OpenSource(recipe.Init), Executable);
        node.Origin = "the builder";
        return node;
    }

    internal static FileNode TwinInit(SourceFile source)
    {
        FileNode node = FileNode.Regular(RootTree.OpenSource(source), Executable);
        node.Origin = source.Position;
        return node;
    }

    internal static FileNode OsReleaseFile(Recipe recipe)
    {
        FileNode node = FileNode.Regular(ByteSource.FromMemory(OsRelease(recipe)));
        node.Origin = "the builder";
        return node;
    }

    private static void Merge(FileTree tree, FileTree brought, string position)
    {
        foreach ((string path, FileNode node) in brought.Walk())
        {
            bool exists = tree.TryFind(path, out FileNode? present);
            if (exists && !(present!.Kind == FileKind.Directory && node.Kind == FileKind.Directory))
            {
                throw new UserErrorException(
                    $"{position}: \"/{path}\" of package \"{node.Origin}\" is already in the sealed image, from \"{present.Origin}\"",
                    "the twin adds and does not replace: take it out with debug.remove, or leave the package out");
            }

            if (!exists)
            {
                FileNode added = node.Kind == FileKind.Directory ? FileNode.Directory(node.Permissions) : node;
                added.Origin = node.Origin;
                RootTree.Place(tree, path, added, position);
            }
        }
    }
}
