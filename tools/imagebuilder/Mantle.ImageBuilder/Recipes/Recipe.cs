using Mantle.Measure.Audit;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Recipes;

/// <summary>The recipe: everything a person decides about an appliance (docs/recipe.md). Read by <see cref="RecipeReader"/>.</summary>
public sealed record Recipe
{
    /// <summary>Full path of the recipe file; sources in it are relative to its folder.</summary>
    public required string Path { get; init; }

    /// <summary>Name of the appliance: lower-case letters, digits and hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>Version of the appliance.</summary>
    public required string Version { get; init; }

    /// <summary>Debian architecture; only <c>amd64</c> today.</summary>
    public required string Architecture { get; init; }

    /// <summary>Seconds since 1970 that every time stamp of the image carries.</summary>
    public required long Epoch { get; init; }

    /// <summary>Debian suites, the main one first.</summary>
    public required IReadOnlyList<string> Suites { get; init; }

    /// <summary>What is unpacked into the root file system.</summary>
    public required PackageSet Packages { get; init; }

    /// <summary>Maintainer scripts of root packages whose effect is known and covered.</summary>
    public required IReadOnlyList<MaintainerScript> MaintainerScripts { get; init; }

    /// <summary>Kernel, modules and command line.</summary>
    public required KernelRecipe Kernel { get; init; }

    /// <summary>The package with systemd-stub.</summary>
    public required StubRecipe Stub { get; init; }

    /// <summary>What the guest programs are linked with.</summary>
    public required PackageSet Toolchain { get; init; }

    /// <summary>The program that runs as process 1, in the initrd and in the root.</summary>
    public required SourceFile Init { get; init; }

    /// <summary>Files, directories and links to add, in the order of the recipe.</summary>
    public required IReadOnlyList<AddedFile> Files { get; init; }

    /// <summary>Globs of files to take out of what the packages brought.</summary>
    public required IReadOnlyList<Located<string>> Remove { get; init; }

    /// <summary>Accounts beside root.</summary>
    public required IReadOnlyList<UserRecipe> Users { get; init; }

    /// <summary>The one program that the appliance is for.</summary>
    public required ServiceRecipe Service { get; init; }

    /// <summary>What is unsealed before the service starts; null: nothing.</summary>
    public UnsealRecipe? Unseal { get; init; }

    /// <summary><c>dhcp</c> or <c>none</c>.</summary>
    public required string Network { get; init; }

    /// <summary>What the appliance does when it cannot go on: <c>reboot</c> or <c>power-off</c>.</summary>
    public required string OnFailure { get; init; }

    /// <summary>Writable places, all in memory.</summary>
    public required IReadOnlyList<MemoryFileSystem> MemoryFileSystems { get; init; }

    /// <summary>Sizes on disk.</summary>
    public required DiskRecipe Disk { get; init; }

    /// <summary>Findings of the audit that somebody answers for.</summary>
    public IReadOnlyList<Waiver> Waivers { get; init; } = [];

    /// <summary>What the debug twin has beyond the sealed image; null: the appliance has no twin.</summary>
    public DebugRecipe? Debug { get; init; }
}

/// <summary>Packages to resolve together.</summary>
/// <param name="Roots">Packages asked for by name.</param>
/// <param name="LeaveOut">Dependencies that are deliberately not followed.</param>
public sealed record PackageSet(IReadOnlyList<string> Roots, IReadOnlyList<LeftOutPackage> LeaveOut);

/// <summary>A dependency that the recipe leaves out.</summary>
/// <param name="Package">Its name.</param>
/// <param name="Reason">Why the appliance works without it.</param>
public sealed record LeftOutPackage(string Package, string Reason);

/// <summary>The maintainer scripts of one package, read by a person and covered by an effect that the builder knows.</summary>
/// <param name="Package">Package name.</param>
/// <param name="Effect"><c>none</c> or <c>ca-bundle</c>.</param>
/// <param name="Reason">Why that effect covers the scripts.</param>
/// <param name="Digest">SHA-256 of the scripts as <c>MaintainerScripts.Digest</c> takes it.</param>
/// <param name="Position">File, line and column.</param>
/// <param name="Certificates">Globs of file names: which certificates <c>ca-bundle</c> takes; empty: all.</param>
public sealed record MaintainerScript(
    string Package, string Effect, string Reason, string Digest, string Position, IReadOnlyList<Located<string>> Certificates);

/// <summary>Kernel, modules and command line.</summary>
/// <param name="Packages">The kernel package; a metapackage is followed to the package with the kernel in it.</param>
/// <param name="Modules">Modules to load at boot; their dependencies are added.</param>
/// <param name="CommandLine">Words to add to the command line.</param>
public sealed record KernelRecipe(PackageSet Packages, IReadOnlyList<Located<string>> Modules, IReadOnlyList<Located<string>> CommandLine);

/// <summary>The package with systemd-stub.</summary>
/// <param name="Packages">The package.</param>
/// <param name="File">Path of the stub in it.</param>
public sealed record StubRecipe(PackageSet Packages, string File);

/// <summary>A file on the build machine.</summary>
/// <param name="Name">As the recipe writes it.</param>
/// <param name="FullPath">Absolute path.</param>
/// <param name="Position">File, line and column of the recipe that names it.</param>
public sealed record SourceFile(string Name, string FullPath, string Position);

/// <summary>What the recipe adds to the root file system: exactly one of source, content, link or directory.</summary>
public sealed record AddedFile
{
    /// <summary>Absolute path in the appliance.</summary>
    public required string Path { get; init; }

    /// <summary>A file of the build machine.</summary>
    public SourceFile? Source { get; init; }

    /// <summary>Text.</summary>
    public string? Content { get; init; }

    /// <summary>Target of a symbolic link.</summary>
    public string? Link { get; init; }

    /// <summary>A directory.</summary>
    public bool Directory { get; init; }

    /// <summary>The lower twelve mode bits, without set-id bits.</summary>
    public required int Mode { get; init; }

    /// <summary>Owner: a user of the recipe or root.</summary>
    public required string Owner { get; init; }

    /// <summary>File, line and column.</summary>
    public required string Position { get; init; }
}

/// <summary>An account without a password and without a shell.</summary>
/// <param name="Name">Name of the user and of its group.</param>
/// <param name="Id">User and group number, 1 to 59999.</param>
public sealed record UserRecipe(string Name, uint Id);

/// <summary>The program that the appliance is for.</summary>
public sealed record ServiceRecipe
{
    /// <summary>Absolute path of the program in the appliance.</summary>
    public required string Exec { get; init; }

    /// <summary>Its arguments.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Its user.</summary>
    public required string User { get; init; }

    /// <summary>Its whole environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary><c>always</c>, <c>on-failure</c> or <c>never</c>.</summary>
    public required string Restart { get; init; }

    /// <summary>Pause before a restart.</summary>
    public required TimeSpan RestartDelay { get; init; }

    /// <summary>Time between SIGTERM and SIGKILL.</summary>
    public required TimeSpan StopTimeout { get; init; }

    /// <summary>Directories below the memory file systems that belong to the service's user.</summary>
    public required IReadOnlyList<string> Writable { get; init; }

    /// <summary>File, line and column.</summary>
    public required string Position { get; init; }
}

/// <summary>A tmpfs.</summary>
/// <param name="Path">Where it is mounted.</param>
/// <param name="Size">Its limit in bytes.</param>
public sealed record MemoryFileSystem(string Path, long Size);

/// <summary>Sizes on disk.</summary>
/// <param name="EspSize">Size of the EFI system partition in bytes, a multiple of 1 MiB.</param>
public sealed record DiskRecipe(long EspSize);
