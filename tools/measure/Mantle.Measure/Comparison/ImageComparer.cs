using Mantle.Formats.Bytes;

namespace Mantle.Measure.Comparison;

/// <summary>
/// Compares what a build made: two disk images, two UKIs, two programs, or two output folders. It walks disk, partition, file and the file's own
/// structure; contents are streamed and never held in memory as a whole.
/// </summary>
public static class ImageComparer
{
    private const string ImageName = "image.raw";
    private const string UkiName = "uki.efi";

    /// <summary>Compares two contents.</summary>
    /// <exception cref="IOException">A file cannot be read. Malformed contents are no error: they are compared as bytes, with a note.</exception>
    public static ImageComparison Compare(ByteSource a, ByteSource b)
    {
        DifferenceList list = new();
        ContentComparer.Compare(list, "", a, b);
        return Finish(list, a, b, [], []);
    }

    /// <summary>Compares two output folders, file by file; manifests and SBOMs tell the inputs.</summary>
    /// <param name="a">The files of A by name.</param>
    /// <param name="b">The files of B by name.</param>
    public static ImageComparison Compare(IReadOnlyDictionary<string, ByteSource> a, IReadOnlyDictionary<string, ByteSource> b)
    {
        DifferenceList list = new();
        bool hasImages = a.ContainsKey(ImageName) && b.ContainsKey(ImageName);
        foreach (string name in a.Keys.Union(b.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            string place = PrintedText.Escape(name);
            if (!a.TryGetValue(name, out ByteSource? ofA) || !b.TryGetValue(name, out ByteSource? ofB))
            {
                list.Field(
                    place, "file", ofA is null ? null : DifferenceList.Facts(ofA),
                    b.TryGetValue(name, out ofB) ? DifferenceList.Facts(ofB) : null, LikelyCause.FileSet);
            }
            else if (IsSummary(name) || (name == UkiName && hasImages))
            {
                // They repeat or describe the image, where a difference is named at its root.
                list.Content(place, ofA, ofB, DifferenceRank.Computed);
            }
            else
            {
                ContentComparer.Compare(list, place, ofA, ofB);
            }
        }

        (BuildRecord recordA, BuildRecord recordB) = (Read(list, "A", a), Read(list, "B", b));
        List<InputDifference> inputs = Inputs(recordA, recordB);
        List<PackageDifference> packages = Packages(recordA, recordB);
        string? measured = hasImages ? ImageName : a.ContainsKey(UkiName) && b.ContainsKey(UkiName) ? UkiName : null;
        ImageComparison comparison = Finish(list, measured is null ? null : a[measured], measured is null ? null : b[measured], inputs, packages);
        return comparison with { Differences = [.. comparison.Differences.Select(d => Explain(d, recordA, recordB, inputs, packages))] };
    }

    private static ImageComparison Finish(
        DifferenceList list, ByteSource? a, ByteSource? b, IReadOnlyList<InputDifference> inputs, IReadOnlyList<PackageDifference> packages) => new()
    {
        Pcrs = a is null || b is null ? [] : PcrComparer.Compare(list, a, b),
        Differences = list.Finish(),
        Notes = list.Notes,
        Inputs = inputs,
        Packages = packages,
    };

    private static bool IsSummary(string name) => name.EndsWith(".json", StringComparison.Ordinal);

    private static BuildRecord Read(DifferenceList list, string name, IReadOnlyDictionary<string, ByteSource> files)
    {
        try
        {
            return BuildRecord.Read(files);
        }
        catch (MalformedInputException e)
        {
            list.Note(name, e.Message);
            return new();
        }
    }

    private static List<InputDifference> Inputs(BuildRecord a, BuildRecord b)
    {
        List<InputDifference> differences = [];
        foreach (string name in a.Inputs.Keys.Union(b.Inputs.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            (string? ofA, string? ofB) = (a.Inputs.GetValueOrDefault(name), b.Inputs.GetValueOrDefault(name));
            if (ofA != ofB)
            {
                differences.Add(new(PrintedText.Escape(name), Escape(ofA), Escape(ofB)));
            }
        }

        return differences;
    }

    private static List<PackageDifference> Packages(BuildRecord a, BuildRecord b)
    {
        List<PackageDifference> differences = [];
        foreach (string name in a.Packages.Keys.Union(b.Packages.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            bool inA = a.Packages.TryGetValue(name, out (string Version, string Sha256) ofA);
            bool inB = b.Packages.TryGetValue(name, out (string Version, string Sha256) ofB);
            if (inA != inB || ofA != ofB)
            {
                differences.Add(new(PrintedText.Escape(name), inA ? Escape(ofA.Version) : null, inB ? Escape(ofB.Version) : null));
            }
        }

        return differences;
    }

    /// <summary>Where the bytes tell nothing, the builds' own words on their inputs may.</summary>
    private static Difference Explain(
        Difference difference, BuildRecord a, BuildRecord b, List<InputDifference> inputs, List<PackageDifference> packages)
    {
        bool isOpen = difference.Cause is LikelyCause.OtherContent or LikelyCause.FileSet or LikelyCause.OtherTool or LikelyCause.Setting;
        if (!isOpen)
        {
            return difference;
        }

        if (a.Sources.Keys.FirstOrDefault(name => IsOf(difference.A, a.Sources[name]) && IsOf(difference.B, b.Sources.GetValueOrDefault(name))) is { } source)
        {
            InputDifference? tool = inputs.FirstOrDefault(input => input.Name.StartsWith(source + ": ", StringComparison.Ordinal));
            return tool is null
                ? difference with { Cause = LikelyCause.OtherSource, Evidence = Append(difference.Evidence, $"it is the recipe's source \"{source}\"") }
                : difference with { Cause = LikelyCause.OtherTool, Evidence = Append(difference.Evidence, $"{tool.Name} {tool.A} against {tool.B}") };
        }

        if (packages.Count > 0 && difference.Cause is LikelyCause.OtherContent or LikelyCause.FileSet)
        {
            return difference with
            {
                Cause = LikelyCause.OtherPackage,
                Evidence = Append(difference.Evidence, $"{packages[0].Name} {packages[0].A ?? "absent"} against {packages[0].B ?? "absent"}"),
            };
        }

        return inputs.Exists(input => input.Name == "recipe")
            ? difference with { Cause = LikelyCause.OtherRecipe }
            : inputs.Find(input => input.Name.StartsWith("tool", StringComparison.Ordinal)) is { } other
            ? difference with { Cause = LikelyCause.OtherTool, Evidence = Append(difference.Evidence, $"{other.A} against {other.B}") }
            : difference;
    }

    private static bool IsOf(string? facts, string? digest) => digest is { Length: > 0 } && facts?.EndsWith(digest, StringComparison.Ordinal) == true;

    private static string Append(string? evidence, string more) => evidence is null ? more : $"{evidence}; {more}";

    private static string? Escape(string? text) => text is null ? null : PrintedText.Escape(text);
}
