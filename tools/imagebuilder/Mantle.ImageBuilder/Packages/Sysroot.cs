using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages;

/// <summary>The locked toolchain as a folder on disk, for the one link step that needs files with paths.</summary>
public static class Sysroot
{
    private const int CopyBufferSize = 1 << 17;
    private const int NameLength = 16;

    /// <summary>
    /// Unpacks the packages of use <c>toolchain</c> below <paramref name="parent"/>. The folder is named after their digests and appears in one step,
    /// so one that exists is complete.
    /// </summary>
    /// <returns>Full path of the folder.</returns>
    public static async Task<string> UnpackAsync(
        LockFile lockFile, PackageCache cache, PackageFetcher fetcher, string parent, IProgress<FetchProgress>? progress, CancellationToken cancellation)
    {
        LockedPackage[] packages = [.. lockFile.Packages.Where(package => package.Uses.Contains(UseName.Toolchain))];
        if (packages.Length == 0)
        {
            throw new UserErrorException("sysroot: the lock has no packages for \"toolchain\"", "name them under toolchain.roots in the recipe, then run imagebuilder lock");
        }

        string folder = Path.Combine(Path.GetFullPath(parent), NameOf(packages));
        if (Directory.Exists(folder))
        {
            return folder;
        }

        await fetcher.FetchAsync(packages, progress, cancellation).ConfigureAwait(false);
        FileTree tree = new();
        foreach (LockedPackage package in packages)
        {
            Merge(tree, cache.Open(package));
        }

        Directory.CreateDirectory(Path.GetFullPath(parent));
        using PendingFolder pending = PendingFolder.Create(folder);
        Write(tree.Root, pending.Path, cancellation);
        pending.MoveTo(folder);
        return folder;
    }

    /// <summary>The name of the lock's toolchain, which follows from the digests of its packages. Null: the lock has none.</summary>
    public static string? NameOf(LockFile lockFile) =>
        lockFile.Packages.Where(package => package.Uses.Contains(UseName.Toolchain)).ToArray() is { Length: > 0 } packages ? NameOf(packages) : null;

    private static string NameOf(LockedPackage[] packages) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(packages.Select(package => package.Sha256)))))[..NameLength];

    private static void Merge(FileTree tree, UnpackedPackage package)
    {
        foreach ((string path, FileNode node) in package.Files.Walk())
        {
            if (node.Kind == FileKind.Directory)
            {
                if (!tree.TryFind(path, out FileNode? present))
                {
                    tree.Put(path, FileNode.Directory());
                }
                else if (present.Kind != FileKind.Directory)
                {
                    throw new UserErrorException($"sysroot: \"/{path}\" is a directory in package \"{package.Package.Name}\" and something else in another one");
                }
            }
            else if (tree.TryFind(path, out _))
            {
                throw new UserErrorException($"sysroot: \"/{path}\" is in package \"{package.Package.Name}\" and in another one");
            }
            else if (node.Kind is FileKind.Regular or FileKind.SymbolicLink)
            {
                tree.Put(path, node);
            }
        }
    }

    // The tree holds no entry below a link and no "..", so no path that is made here leaves the folder.
    private static void Write(FileNode directory, string path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        foreach ((string name, FileNode node) in directory.Children)
        {
            string full = Path.Combine(path, name);
            switch (node.Kind)
            {
                case FileKind.Directory:
                    Directory.CreateDirectory(full);
                    Write(node, full, cancellation);
                    break;
                case FileKind.SymbolicLink:
                    File.CreateSymbolicLink(full, node.LinkTarget);
                    break;
                default:
                    WriteFile(node, full);
                    break;
            }
        }
    }

    private static void WriteFile(FileNode node, string path)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | (UnixFileMode)(node.Permissions & 0b001_001_001),
        };
        using FileStream file = new(path, options);
        using Stream content = node.Content.OpenStream();
        content.CopyTo(file, CopyBufferSize);
    }
}
