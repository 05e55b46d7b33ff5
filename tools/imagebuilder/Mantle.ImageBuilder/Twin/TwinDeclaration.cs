using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tree;

namespace Mantle.ImageBuilder.Twin;

/// <summary>
/// What the recipe and its packages say that the twin's root has beyond the sealed one, file by file. It is made from the declarations alone, not
/// from the twin's tree, so that it can judge it.
/// </summary>
internal sealed class TwinDeclaration
{
    private readonly Dictionary<string, (FileNode Node, string By)> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _folders = new(StringComparer.Ordinal);

    public TwinDeclaration(Recipe recipe, IReadOnlyList<UnpackedPackage> more)
    {
        Dictionary<string, string> versions = more.ToDictionary(package => package.Package.Name, package => package.Package.Version, StringComparer.Ordinal);
        foreach ((string path, FileNode node) in TwinTree.PackageFiles(recipe, more).Walk())
        {
            Add(path, node, $"package {node.Origin} {versions[node.Origin]}");
        }

        DebugRecipe debug = recipe.Debug!;
        if (debug.Init is not null)
        {
            string by = $"{Place(debug.Init.Position)} debug.init";
            Add(ApplianceFiles.InitPath, TwinTree.TwinInit(debug.Init), by);
            Add(TwinTree.SealedInitPath, TwinTree.SealedInit(recipe), by);
        }

        Add(TwinTree.OsReleasePath, TwinTree.OsReleaseFile(recipe), MarkedBy);
        foreach (AddedFile file in debug.Files)
        {
            Add(string.Join('/', FileTree.Split(file.Path)), RootTree.MakeNode(recipe, file), $"{Place(file.Position)} debug.files");
        }
    }

    /// <summary>What declares the mark: no recipe can leave it out.</summary>
    public const string MarkedBy = "the mark of every twin";

    /// <summary>The declaration of a path of the root, or null.</summary>
    /// <param name="path">Without a leading slash.</param>
    /// <param name="node">What the twin has there; null: nothing.</param>
    /// <param name="digest">SHA-256 of its content.</param>
    /// <param name="epoch">The time that it must carry.</param>
    public string? Find(string path, FileNode? node, string digest, long epoch)
    {
        if (node is null || node.ModifiedSeconds != epoch)
        {
            return null;
        }

        if (_files.TryGetValue(path, out (FileNode Node, string By) declared))
        {
            bool isSame = Facts.Of(node, digest) == Facts.Of(declared.Node, Facts.DigestOf(declared.Node));
            return isSame ? declared.By : null;
        }

        return node.Kind == FileKind.Directory && Facts.Of(node, "") == Facts.Of(FileNode.Directory(), "") ? _folders.GetValueOrDefault(path) : null;
    }

    /// <summary>A position without the folder of the recipe, which is the user's affair.</summary>
    public static string Place(string position) => position[(position.LastIndexOf('/') + 1)..];

    private void Add(string path, FileNode node, string by)
    {
        _files.Add(path, (node, by));
        for (int at = path.IndexOf('/', StringComparison.Ordinal); at > 0; at = path.IndexOf('/', at + 1))
        {
            _folders.TryAdd(path[..at], by);
        }
    }
}
