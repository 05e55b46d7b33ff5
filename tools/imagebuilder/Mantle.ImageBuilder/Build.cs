using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.Formats.Verity;
using Mantle.ImageBuilder.Boot;
using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tree;

namespace Mantle.ImageBuilder;

/// <summary>One build: the state that the steps of <see cref="BuildPlan"/> hand to each other. The steps themselves are in Build.Steps.cs.</summary>
public sealed partial class Build
{
    /// <summary>Names of the finished files.</summary>
    public static IReadOnlyList<string> OutputNames { get; } =
        [ImageName, UkiName, MeasurementsName, AuditName, SbomName, ManifestName];

    private const string ImageName = "image.raw";
    private const string UkiName = "uki.efi";
    private const string MeasurementsName = "measurements.json";
    private const string SbomName = "sbom.spdx.json";
    private const string ManifestName = "manifest.json";

    private readonly BuildRequest _request;
    private readonly IBuildProgress _progress;
    private readonly OutputFolder _output;
    private readonly Recipe _recipe;
    private readonly LockFile _lock;
    private readonly PackageCache _cache;

    private IReadOnlyList<UnpackedPackage> _packages = [];
    private FileTree _tree = new();
    private TreeDigest? _treeDigest;
    private ByteSource _root = ByteSource.Empty;
    private VerityTree? _verity;
    private KernelPackage? _kernel;
    private ByteSource _initrd = ByteSource.Empty;
    private ByteSource _uki = ByteSource.Empty;
    private Task<byte[]>? _ukiDigest;
    private Task<byte[]>? _imageDigest;

    private Build(BuildRequest request, Recipe recipe, LockFile lockFile, PackageCache cache, OutputFolder output, IBuildProgress progress)
    {
        _request = request;
        _progress = progress;
        _output = output;
        _recipe = recipe;
        _lock = lockFile;
        _cache = cache;
        Result = new BuildResult();
    }

    /// <summary>What the build has found out.</summary>
    public BuildResult Result { get; }

    /// <summary>Runs the plan. The output folder changes only when every step has succeeded.</summary>
    public static async Task<BuildResult> RunAsync(BuildRequest request, IBuildProgress progress, CancellationToken cancellation)
    {
        StepClock clock = new();
        Recipe recipe = RecipeReader.Read(request.RecipePath);
        LockFile lockFile = LockFile.Read(request.LockPath);
        lockFile.CheckAgainst(recipe.Resolution());
        CheckRequest(request, recipe);
        using OutputFolder output = new(request.OutputPath, request.Debug ? TwinOutputNames : OutputNames);
        using PackageCache cache = new(request.CachePath);
        Build build = new(request, recipe, lockFile, cache, output, progress);
        clock.End("inputs");
        foreach (BuildStep step in BuildPlan.For(request.Debug))
        {
            cancellation.ThrowIfCancellationRequested();
            string fact = await step.Run(build, cancellation).ConfigureAwait(false);
            progress.Done(step.Name, fact, clock.End(step.Name));
        }

        cancellation.ThrowIfCancellationRequested();
        output.Commit();
        clock.End("commit");
        build.Result.Timings = clock.Timings;
        return build.Result;
    }

    private IReadOnlyList<string> OwnOutputNames => _isTwin ? TwinOutputNames : OutputNames;

    private UnpackedPackage[] PackagesFor(string use) => [.. _packages.Where(package => package.Package.Uses.Contains(use))];

    private string PendingPath(string name) => Path.Combine(_output.Pending, name);
}
