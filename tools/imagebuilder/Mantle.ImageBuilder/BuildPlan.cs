namespace Mantle.ImageBuilder;

/// <summary>
/// The steps of a build, in order. The list is what runs, what <c>imagebuilder build --plan</c> prints and what the manifest records.
/// After the first step nothing touches the network; no step runs an external program.
/// </summary>
public static class BuildPlan
{
    /// <summary>The plan. The order is the order of the data flow: do not rearrange.</summary>
    public static IReadOnlyList<BuildStep> Steps { get; } =
    [
        new("packages", "fetch the locked .deb files into the cache, sha256 checked while they stream; unpack", Build.FetchPackages),
        new("tree", "put packages, files, users and removals together into one file tree; no maintainer script runs", Build.AssembleTree),
        new("seal", "refuse what opens a way in, with the package or recipe line to blame", Build.CheckSeal),
        new("rootfs", "lay the tree out as an EROFS image; its UUID follows from the tree", Build.LayOutRoot),
        new("verity", "hash the image into a dm-verity tree; salt and UUID follow from the tree", Build.HashRoot),
        new("initrd", "pack process 1 and the kernel modules in load order into a cpio archive", Build.PackInitrd),
        new("uki", "join systemd-stub, kernel, initrd, command line with the root hash, os-release", Build.JoinUki),
        new("disk", "write GPT, ESP (only EFI/BOOT/BOOTX64.EFI), root and verity partitions to a sparse file", Build.WriteDisk),
        new("measure", "read the finished file back and predict what the TPM will measure", Build.Measure),
        new("audit", "read the finished file back and refuse what lets anybody in, unless the recipe waives it", Build.Audit),
        new("manifest", "write the SBOM and the digests of every input and output", Build.WriteManifest),
    ];

    /// <summary>
    /// The plan of the debug twin (docs/debug-twin.md): first the sealed image as far as its bytes are known, then the twin in the same steps, then the
    /// comparison. So a twin exists only of an image that passes as sealed.
    /// </summary>
    public static IReadOnlyList<BuildStep> TwinSteps { get; } =
    [
        .. Steps.TakeWhile(step => step.Name != "rootfs"),
        new("sealed", "lay out the sealed image in memory, to compare with", Build.LayOutSealed),
        new("twin", "put what the recipe declares under \"debug\", and the mark, on top of the sealed tree", Build.AssembleTwin),
        .. Steps.SkipWhile(step => step.Name != "rootfs").TakeWhile(step => step.Name != "manifest"),
        new("difference", "read the finished twin back and refuse what it has beyond the sealed image and nothing declares", Build.CompareWithSealed),
        .. Steps.SkipWhile(step => step.Name != "manifest"),
    ];

    /// <summary>The plan of one of the two.</summary>
    public static IReadOnlyList<BuildStep> For(bool debug) => debug ? TwinSteps : Steps;
}

/// <summary>One step of a build.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Run">Does it and returns a fact that somebody can compare.</param>
public sealed record BuildStep(string Name, string Description, Func<Build, CancellationToken, Task<string>> Run);
