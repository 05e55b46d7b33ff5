using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tree;
using Mantle.ImageBuilder.Twin;
using Mantle.Measure;
using Mantle.Measure.Prediction;
using Mantle.Measure.Twin;

namespace Mantle.ImageBuilder;

/// <content>The steps that only a build with <c>--debug</c> has.</content>
public sealed partial class Build
{
    private const string DifferenceName = "debug-difference.json";
    private const string DenyListName = "debug-measurements.json";

    private bool _isTwin;
    private ByteSource _sealedDisk = ByteSource.Empty;
    private string _sealedRootHash = "";

    /// <summary>Names of the finished files of a debug twin.</summary>
    public static IReadOnlyList<string> TwinOutputNames { get; } = [.. OutputNames, DifferenceName, DenyListName];

    private UnpackedPackage[] TwinPackages =>
        [.. _packages.Where(package => package.Package.Uses.Contains(UseName.Debug) && !package.Package.Uses.Contains(UseName.Root))];

    /// <summary>Lays out the whole sealed image; nothing of it is written, its bytes are there to be compared with.</summary>
    internal static async Task<string> LayOutSealed(Build build, CancellationToken cancellation)
    {
        await LayOutRoot(build, cancellation).ConfigureAwait(false);
        await HashRoot(build, cancellation).ConfigureAwait(false);
        await PackInitrd(build, cancellation).ConfigureAwait(false);
        build.ComposeUki();
        build._sealedDisk = build.ComposeDisk();
        build._sealedRootHash = build.Result.RootHash;
        return $"root hash {build._sealedRootHash}";
    }

    internal static Task<string> AssembleTwin(Build build, CancellationToken cancellation)
    {
        int before = build.Result.Files;
        build._isTwin = true;
        build._tree = TwinTree.Build(build._recipe, build.PackagesFor(UseName.Root), build.TwinPackages);
        build._treeDigest = TreeDigest.Compute(build._tree, cancellation);
        build.Result.Files = build._tree.Walk().Count(entry => entry.Node.Kind == FileKind.Regular);
        return Fact($"{build.Result.Files - before} files more, sha256 {Convert.ToHexStringLower(build._treeDigest.Value.Span)}");
    }

    internal static Task<string> CompareWithSealed(Build build, CancellationToken cancellation)
    {
        ByteSource twin = ByteSource.OpenFile(build.PendingPath(ImageName));
        TwinDifference difference = TwinDifference.Between(build._sealedDisk, twin, build._recipe, build.TwinPackages);
        difference.RequireDeclared();
        build.Result.SealedRootHash = build._sealedRootHash;
        build.Result.TwinChanges = difference.Changes;
        build.RequireOwnMeasurements(twin);
        build.WriteFile(DifferenceName, file => TwinDifferenceDocument.Write(file, build._recipe, build._sealedRootHash, build.Result.RootHash, difference.Changes));
        DenyList denied = DenyList.Of(build._recipe.Name, build._recipe.Version, build.Result.RootHash, build.Result.Measurements!);
        build.WriteFile(DenyListName, denied.Write);
        return Fact($"{difference.Changes.Count} changes, all declared");
    }

    /// <summary>A twin that could be taken for the sealed image must not leave the house, whatever the reason.</summary>
    private void RequireOwnMeasurements(ByteSource twin)
    {
        ImagePrediction sealedOne = Predictor.Predict(_sealedDisk, new() { Banks = [TpmAlgorithm.Sha384], Pcrs = DenyList.Pcrs, InputName = ImageName });
        int same = DenyList.Pcrs.FirstOrDefault(
            index => sealedOne.Pcrs.First(pcr => pcr.Index == index).Values[TpmAlgorithm.Sha384].ToString() == Result.Pcr(index), -1);
        string? problem =
            same >= 0 ? $"PCR {same} of the twin is that of the sealed image"
            : !Result.Measurements!.IsDebugTwin || DebugTwin.FindMarks(twin).Count != 2 ? "the twin lacks its mark in the UKI or in the root"
            : sealedOne.IsDebugTwin || DebugTwin.FindMarks(_sealedDisk).Count != 0 ? "the sealed image has the mark of a twin"
            : null;
        if (problem is not null)
        {
            throw new UserErrorException($"difference: {problem}", "see docs/debug-twin.md", ExitCode.Mismatch);
        }
    }

    private static void CheckRequest(BuildRequest request, Recipe recipe)
    {
        if (request.Debug && recipe.Debug is null)
        {
            throw new UserErrorException(
                $"{recipe.Path}: the recipe has no section \"debug\", so it has no debug twin", "declare what the twin has beyond the sealed image (docs/debug-twin.md)");
        }

        // Neither takes the other's place: what lies in a folder must stay what people know it to be.
        bool holdsTwin = File.Exists(Path.Combine(request.OutputPath, DifferenceName));
        if (holdsTwin != request.Debug && File.Exists(Path.Combine(request.OutputPath, ManifestName)))
        {
            throw new UserErrorException(
                $"output: \"{request.OutputPath}\" holds a {(holdsTwin ? "debug twin" : "sealed image")}, which a {(holdsTwin ? "sealed image" : "debug twin")} does not replace",
                "choose another folder with --output", ExitCode.Environment);
        }
    }
}
