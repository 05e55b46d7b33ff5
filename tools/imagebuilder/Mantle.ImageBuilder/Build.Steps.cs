using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tpm;
using Mantle.Formats.Tree;
using Mantle.Formats.Verity;
using Mantle.ImageBuilder.Boot;
using Mantle.ImageBuilder.Disk;
using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Tree;
using Mantle.ImageBuilder.Twin;
using Mantle.Measure.Prediction;
using Mantle.Measure;

namespace Mantle.ImageBuilder;

/// <content>The steps, in the order of the plan. Each returns the fact that its line of progress ends in.</content>
public sealed partial class Build
{
    private const string EspLabel = "ESP";
    internal const string BootFilePath = "EFI/BOOT/BOOTX64.EFI";

    internal static async Task<string> FetchPackages(Build build, CancellationToken cancellation)
    {
        LockedPackage[] wanted = [.. build._lock.Packages.Where(package => package.IsIn(build._request.Debug))];
        using HttpClient client = PackageFetcher.CreateClient();
        PackageFetcher fetcher = new(build._cache, client, build._request.Locate);
        await fetcher.FetchAsync(wanted, build._progress.Fetching, cancellation).ConfigureAwait(false);
        UnpackedPackage[] packages = new UnpackedPackage[wanted.Length];

        // The largest first: it is the last to be finished.
        int[] order = [.. Enumerable.Range(0, wanted.Length).OrderByDescending(i => wanted[i].Size)];
        Workers.For(order.Length, i => packages[order[i]] = build._cache.Open(wanted[order[i]]), cancellation);
        build._packages = packages;
        return $"{wanted.Length} packages, {PrintedText.Megabytes(wanted.Sum(package => package.Size))}";
    }

    internal static Task<string> AssembleTree(Build build, CancellationToken cancellation)
    {
        build._tree = RootTree.Build(build._recipe, build.PackagesFor(UseName.Root));
        build._treeDigest = TreeDigest.Compute(build._tree, cancellation);
        build.Result.Files = build._tree.Walk().Count(entry => entry.Node.Kind == FileKind.Regular);
        return Fact($"{build.Result.Files} files, sha256 {Convert.ToHexStringLower(build._treeDigest.Value.Span)}");
    }

    internal static Task<string> CheckSeal(Build build, CancellationToken cancellation)
    {
        build.Result.Programs = SealCheck.Check(build._tree);
        return Fact($"{build.Result.Programs.Count} programs: {string.Join(", ", build.Result.Programs.Select(path => "/" + path))}");
    }

    internal static Task<string> LayOutRoot(Build build, CancellationToken cancellation)
    {
        build._root = ErofsWriter.Layout(build._tree, new ErofsOptions
        {
            VolumeId = build._treeDigest!.Identifier("erofs volume"),
            BuildTimeSeconds = build._recipe.Epoch,
        });
        return Fact(PrintedText.Megabytes(build._root.Length));
    }

    internal static Task<string> HashRoot(Build build, CancellationToken cancellation)
    {
        build._verity = VerityTree.Build(
            build._root, build._treeDigest!.Derive("verity salt"), build._treeDigest.Identifier("verity tree"), Environment.ProcessorCount);
        build.Result.RootHash = Convert.ToHexStringLower(build._verity.RootHash.Span);
        return Fact($"root hash {build.Result.RootHash}");
    }

    internal static Task<string> PackInitrd(Build build, CancellationToken cancellation)
    {
        build._kernel = KernelPackage.Find(build.PackagesFor(UseName.Kernel), build._cache);
        IReadOnlyList<KernelModule> modules = build._kernel.LoadOrder(build._recipe.Kernel.Modules);
        build._initrd = Initrd.Layout(RootTree.OpenSource(build._recipe.Init), modules, build._recipe.Epoch);
        return Fact($"{modules.Count} modules of {build._kernel.Release}, {PrintedText.Megabytes(build._initrd.Length)}");
    }

    internal static Task<string> JoinUki(Build build, CancellationToken cancellation)
    {
        build.ComposeUki();
        build._ukiDigest = DiskImage.Write(build._uki, build.PendingPath(UkiName), cancellation);
        return Fact(PrintedText.Megabytes(build._uki.Length));
    }

    internal static Task<string> WriteDisk(Build build, CancellationToken cancellation)
    {
        ByteSource disk = build.ComposeDisk();
        string path = build.PendingPath(ImageName);
        build._imageDigest = DiskImage.Write(disk, path, cancellation);
        build.Result.ImageSize = disk.Length;
        build.Result.ImageAllocated = DiskImage.AllocatedBytes(path);
        return Fact($"{ImageName} {PrintedText.Megabytes(disk.Length)}, {PrintedText.Megabytes(build.Result.ImageAllocated)} on disk");
    }

    internal static Task<string> Measure(Build build, CancellationToken cancellation)
    {
        ImagePrediction prediction = Predictor.Predict(
            ByteSource.OpenFile(build.PendingPath(ImageName)), new PredictionOptions
            {
                Banks = TpmHash.Computable, InputName = ImageName, Packages = new(build.SourcesOf(UseName.Kernel), build.SourcesOf(UseName.Stub)),
            });
        build.Result.Measurements = prediction;
        build.WriteFile(MeasurementsName, file => MeasurementsDocument.Write(prediction, file));

        return Fact($"PCR 4 sha384 {build.Result.Pcr(4)}");
    }

    internal static async Task<string> WriteManifest(Build build, CancellationToken cancellation)
    {
        build.Result.ImageSha256 = Convert.ToHexStringLower(await build._imageDigest!.ConfigureAwait(false));
        string ukiSha256 = Convert.ToHexStringLower(await build._ukiDigest!.ConfigureAwait(false));
        build.WriteFile(
            SbomName, file => Sbom.Write(file, build._recipe, build._lock.Packages, build._isTwin, build.Result.ImageSha256, build._request.ToolVersion));

        Manifest manifest = new(build._recipe, build._lock, build._treeDigest!, build.Result, build._request);
        List<(string, string, string?)> outputs =
        [
            (ImageName, build.PendingPath(ImageName), build.Result.ImageSha256),
            (UkiName, build.PendingPath(UkiName), ukiSha256),
            (MeasurementsName, build.PendingPath(MeasurementsName), null),
            (AuditName, build.PendingPath(AuditName), null),
            (SbomName, build.PendingPath(SbomName), null),
        ];
        outputs.AddRange(build.OwnOutputNames.Except(OutputNames).Select(name => (name, build.PendingPath(name), (string?)null)));
        byte[] bytes = manifest.ToJson(outputs);
        build.WriteFile(ManifestName, file => file.Write(bytes));

        return $"{build.OwnOutputNames.Count} files, {ImageName} sha256 {build.Result.ImageSha256}";
    }

    private SourcePackage[] SourcesOf(string use) => [.. PackagesFor(use).Select(package => new SourcePackage(package.Package.Name, package.Package.Version))];

    private void WriteFile(string name, Action<Stream> content)
    {
        using FileStream file = new(PendingPath(name), FileMode.CreateNew);
        content(file);
    }

    private void ComposeUki()
    {
        IReadOnlyList<string> words = Boot.CommandLine.Words(_verity!.RootHash.Span, _recipe.Kernel.CommandLine);
        string commandLine = string.Join(' ', _isTwin ? TwinCommandLine.Apply(words, _recipe.Debug!.CommandLine) : words);
        _uki = UkiWriter.Layout(new UkiInputs
        {
            Stub = FindStub(),
            Sections =
            [
                new(".osrel", ByteSource.FromMemory(_isTwin ? TwinTree.OsRelease(_recipe) : ApplianceFiles.OsRelease(_recipe))),
                new(".cmdline", ByteSource.FromMemory(Encoding.UTF8.GetBytes(commandLine))),
                new(".uname", ByteSource.FromMemory(Encoding.UTF8.GetBytes(_kernel!.Release))),
                new(".initrd", _initrd),
                new(".linux", _kernel.Image),
            ],
        });
    }

    private ByteSource ComposeDisk()
    {
        FileTree esp = new();
        esp.Put(BootFilePath, FileNode.Regular(_uki));
        if (_uki.Length > _recipe.Disk.EspSize * 9 / 10)
        {
            throw new UserErrorException(
                $"disk: the UKI has {_uki.Length:N0} bytes, the EFI system partition {_recipe.Disk.EspSize:N0}",
                "raise disk.esp in the recipe, for example to \"128 MiB\"");
        }

        ReadOnlySpan<byte> rootHash = _verity!.RootHash.Span;
        return GptWriter.Layout(new GptOptions
        {
            DiskId = _treeDigest!.Identifier("disk"),
            Partitions =
            [
                new()
                {
                    TypeId = DiscoverablePartitions.EfiSystem,
                    Id = _treeDigest.Identifier("ESP"),
                    Name = EspLabel,
                    Content = FatWriter.Layout(esp, new FatOptions
                    {
                        SizeBytes = _recipe.Disk.EspSize,
                        VolumeId = BitConverter.ToUInt32(_treeDigest.Derive("ESP volume")),
                        VolumeLabel = EspLabel,
                        TimeSeconds = _recipe.Epoch,
                    }),
                },
                new()
                {
                    TypeId = DiscoverablePartitions.RootX64,
                    Id = DiscoverablePartitions.DataPartitionId(rootHash),
                    Name = "root",
                    Attributes = DiscoverablePartitions.ReadOnly,
                    Content = _root,
                },
                new()
                {
                    TypeId = DiscoverablePartitions.RootVerityX64,
                    Id = DiscoverablePartitions.VerityPartitionId(rootHash),
                    Name = "root-verity",
                    Attributes = DiscoverablePartitions.ReadOnly,
                    Content = _verity.HashArea,
                },
            ],
        });
    }

    private ByteSource FindStub()
    {
        string path = _recipe.Stub.File;
        UnpackedPackage[] packages = PackagesFor(UseName.Stub);
        foreach (UnpackedPackage package in packages)
        {
            if (package.Files.TryFind(path, out FileNode? stub) && stub.Kind == FileKind.Regular)
            {
                return stub.Content;
            }
        }

        throw new UserErrorException(
            $"{_recipe.Path}: stub \"{path}\" is in none of the packages {string.Join(", ", packages.Select(package => package.Package.Name))}",
            "correct stub.file or stub.package in the recipe");
    }

    private static Task<string> Fact(string fact) => Task.FromResult(fact);
}
