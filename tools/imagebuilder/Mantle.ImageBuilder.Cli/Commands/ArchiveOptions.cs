using System.CommandLine;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Locking;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>The options that say where packages come from and where they are kept; shared by the commands that fetch.</summary>
internal sealed class ArchiveOptions
{
    public Option<string?> Mirror { get; } = new("--mirror")
    {
        Description = "Debian mirror (the folder with dists and pool); default: $MANTLE_MIRROR, then this machine's apt",
        HelpName = "URL",
    };

    public Option<string?> SecurityMirror { get; } = new("--security-mirror")
    {
        Description = "Mirror of the security archive; default: the mirror's address with -security",
        HelpName = "URL",
    };

    public Option<string?> Snapshot { get; } = new("--snapshot")
    {
        Description = "Snapshot archive to look in for files that the mirror no longer has",
        HelpName = "URL",
    };

    public Option<string?> Cache { get; } = new("--cache")
    {
        Description = "Package cache; default: $XDG_CACHE_HOME/mantle or ~/.cache/mantle",
        HelpName = "DIR",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { Mirror, SecurityMirror, Snapshot, Cache })
        {
            command.Options.Add(option);
        }
    }

    public string CachePath(ParseResult parsed) => parsed.GetValue(Cache) ?? UserEnvironment.CachePath;

    public ArchiveMirror ChooseMirror(ParseResult parsed) =>
        MirrorSelection.Choose(parsed.GetValue(Mirror), parsed.GetValue(SecurityMirror), UserEnvironment.Mirror);

    /// <summary>
    /// Where a locked package may be, best first. The mirror is chosen when the first file is looked for: a build that has everything
    /// in its cache needs none.
    /// </summary>
    public Func<LockedPackage, IReadOnlyList<Uri>> Locator(ParseResult parsed, Func<LockFile> readLock)
    {
        Lazy<ArchiveMirror> mirror = new(() => ChooseMirror(parsed));
        Lazy<LockFile> lockFile = new(readLock);
        SnapshotLocator? snapshot = parsed.GetValue(Snapshot) is { } root ? SnapshotLocator.Parse(root) : null;
        return package =>
        [
            mirror.Value.Locate(package.Suite, package.Path),
            .. snapshot?.Locate(package.Suite, lockFile.Value.Suites.First(suite => suite.Name == package.Suite).Date, package.Path) ?? [],
        ];
    }
}
