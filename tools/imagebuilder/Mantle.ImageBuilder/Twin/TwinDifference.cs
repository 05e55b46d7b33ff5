using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tree;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Twin;

/// <summary>
/// The difference between the sealed image and its twin, both read from their bytes, each part of it with the declaration that it comes from.
/// What follows from other bytes alone (sizes, identifiers, the hash tree) is not listed, but for the root hash.
/// </summary>
internal sealed class TwinDifference
{
    private const string Undeclared = "a build with --debug stops when the twin has more than the recipe's section \"debug\" declares; this is a bug in the builder";

    private readonly List<TwinChange> _changes = [];

    private TwinDifference()
    {
    }

    /// <summary>The changes, in the order root, command line, os-release, the rest.</summary>
    public IReadOnlyList<TwinChange> Changes => _changes;

    /// <summary>Compares two disks.</summary>
    /// <param name="ofSealed">The sealed disk.</param>
    /// <param name="ofTwin">The twin's disk.</param>
    /// <param name="recipe">The recipe; it has a <c>debug</c> section.</param>
    /// <param name="more">The packages that only the twin has.</param>
    /// <exception cref="MalformedInputException">A disk is not laid out as this builder does.</exception>
    public static TwinDifference Between(ByteSource ofSealed, ByteSource ofTwin, Recipe recipe, IReadOnlyList<UnpackedPackage> more) =>
        Between(ImageContents.Read(ofSealed), ImageContents.Read(ofTwin), recipe, more);

    /// <summary>The same for what was read.</summary>
    internal static TwinDifference Between(ImageContents a, ImageContents b, Recipe recipe, IReadOnlyList<UnpackedPackage> more)
    {
        TwinDifference difference = new();
        difference.CompareRoots(a.Root, b.Root, new TwinDeclaration(recipe, more), recipe.Epoch);
        difference.CompareWords(a.Words, b.Words, recipe.Debug!.CommandLine);
        difference.CompareOsRelease(a, b, recipe);
        difference.CompareSections(a, b);
        difference.CompareLists("esp", a.EspPaths, b.EspPaths);
        difference.CompareLists("disk", a.Partitions, b.Partitions);
        return difference;
    }

    /// <summary>Refuses a difference with anything in it that is not declared.</summary>
    /// <exception cref="UserErrorException">It names the first such thing.</exception>
    public void RequireDeclared()
    {
        if (_changes.Find(change => change.DeclaredBy is null) is { } change)
        {
            throw new UserErrorException(
                $"difference: {change.Part} \"{change.Name}\" is {change.Kind} in the twin and nothing declares it (sealed: {change.Sealed ?? "none"}; twin: {change.Twin ?? "none"})",
                Undeclared, ExitCode.Mismatch);
        }
    }

    private void CompareRoots(FileTree a, FileTree b, TwinDeclaration declaration, long epoch)
    {
        IReadOnlyDictionary<string, string> digestsA = TreeDigest.Compute(a, CancellationToken.None).Files;
        IReadOnlyDictionary<string, string> digestsB = TreeDigest.Compute(b, CancellationToken.None).Files;
        IEnumerable<string> paths = a.Walk().Concat(b.Walk()).Select(entry => entry.Path).Prepend("").Distinct();
        foreach (string path in paths.Order(LinuxText.ByteOrder))
        {
            string? ofA = Find(a, digestsA, path, out _);
            string? ofB = Find(b, digestsB, path, out FileNode? node);
            if (ofA != ofB)
            {
                _changes.Add(new("root", "/" + path, ofA, ofB, declaration.Find(path, node, digestsB.GetValueOrDefault(path, ""), epoch)));
            }
        }
    }

    private static string? Find(FileTree tree, IReadOnlyDictionary<string, string> digests, string path, out FileNode? node) =>
        tree.TryFind(path, out node) ? $"{Facts.Of(node, digests.GetValueOrDefault(path, ""))}, time {node.ModifiedSeconds}" : null;

    private void CompareWords(IReadOnlyList<string> a, IReadOnlyList<string> b, IReadOnlyList<DebugWord> changes)
    {
        string hashA = a.Single(IsRootHash);
        string hashB = b.Single(IsRootHash);
        IReadOnlyList<string> expected = TwinCommandLine.Apply([.. a.Select(word => IsRootHash(word) ? hashB : word)], changes);
        foreach (DebugWord change in changes)
        {
            _changes.Add(new(
                "command-line", change.Replaces ?? change.Word!, change.Replaces, change.Word, $"{TwinDeclaration.Place(change.Position)} debug.command-line: {change.Reason}"));
        }

        if (hashA != hashB)
        {
            _changes.Add(new("command-line", "roothash", hashA, hashB, "follows from the files of the root"));
        }

        if (!b.SequenceEqual(expected, StringComparer.Ordinal))
        {
            _changes.Add(new("command-line", "all words", string.Join(' ', expected), string.Join(' ', b), null));
        }
    }

    private void CompareOsRelease(ImageContents a, ImageContents b, Recipe recipe)
    {
        bool isMarked = b.OsRelease.SequenceEqual(Encoding.UTF8.GetString(TwinTree.OsRelease(recipe)).Split('\n', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
        Dictionary<string, string> linesA = a.OsRelease.ToDictionary(Key, StringComparer.Ordinal);
        Dictionary<string, string> linesB = b.OsRelease.ToDictionary(Key, StringComparer.Ordinal);
        foreach (string key in linesA.Keys.Union(linesB.Keys, StringComparer.Ordinal))
        {
            (string? ofA, string? ofB) = (linesA.GetValueOrDefault(key), linesB.GetValueOrDefault(key));
            if (ofA != ofB)
            {
                _changes.Add(new("os-release", key, ofA, ofB, isMarked ? TwinDeclaration.MarkedBy : null));
            }
        }
    }

    private void CompareSections(ImageContents a, ImageContents b)
    {
        CompareLists("uki-headers", a.Headers, b.Headers);
        CompareLists("uki", [.. a.Sections.Select(section => section.Name)], [.. b.Sections.Select(section => section.Name)]);
        foreach (((string name, ByteSource ofA), (_, ByteSource ofB)) in a.Sections.Zip(b.Sections))
        {
            if (name is not (UkiSectionName.CommandLine or UkiSectionName.OsRelease) && Digest(ofA) is string digestA && Digest(ofB) is string digestB && digestA != digestB)
            {
                _changes.Add(new("uki", name, digestA, digestB, null));
            }
        }
    }

    private void CompareLists(string part, IReadOnlyList<string> a, IReadOnlyList<string> b)
    {
        if (!a.SequenceEqual(b, StringComparer.Ordinal))
        {
            _changes.Add(new(part, "contents", string.Join(", ", a), string.Join(", ", b), null));
        }
    }

    private static bool IsRootHash(string word) => word.StartsWith("roothash=", StringComparison.Ordinal);

    private static string Key(string line) => line.Split('=')[0];

    private static string Digest(ByteSource content) => $"{content.Length:N0} bytes, sha256 {Convert.ToHexStringLower(TreeDigest.HashContent(content))}";
}
