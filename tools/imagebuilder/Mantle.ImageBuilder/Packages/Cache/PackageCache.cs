using System.Collections.Concurrent;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Deb;
using Mantle.Formats.Tree;
using Mantle.Measure;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Packages;

/// <summary>
/// Packages on disk, by the SHA-256 that the lock gives them, as fetched and as unpacked:
/// <code>
/// blobs/sha256/ab/HEX       the .deb
/// unpacked/HEX/data.tar     its data, uncompressed
/// unpacked/HEX/index        digests of data.tar, its headers, control.tar (see <see cref="UnpackedIndex"/>)
/// unpacked/HEX/facts-NAME   what was found out about it, with its own digest
/// partial/HEX.N             downloads under way or interrupted, locked by who writes them
/// temporary/                files being made
/// </code>
/// Nothing is trusted because it is there. A .deb is hashed before it is unpacked; an index carries its own digest; data.tar is verified in 64 KiB
/// chunks, each when it is first read. Whoever can write the folder (mode 0700) is the user, so what has to be found is accidents, and
/// digests beside the data find them. What is damaged is made again from what it came from.
/// Files appear by rename and two writers of one name write the same bytes, so builds may share a cache and may be killed at any time.
/// </summary>
public sealed partial class PackageCache : IDisposable
{
    private static readonly TimeSpan s_leftoverAge = TimeSpan.FromDays(1);
    private static int s_temporaryCount;

    private readonly string _folder;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _verifiedBlobs = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<SafeFileHandle> _handles = [];

    /// <summary>Opens a cache, making the folder (mode 0700) if there is none, and sweeps leftovers older than a day.</summary>
    /// <param name="folder">Where it is.</param>
    /// <param name="time">Tells the age of leftovers; the system's clock if null.</param>
    /// <exception cref="UserErrorException">The folder cannot be made, or others than its owner may write to it.</exception>
    public PackageCache(string folder, TimeProvider? time = null)
    {
        _folder = Path.GetFullPath(folder);
        try
        {
            MakeFolder(_folder);
            if (!OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(_folder) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
            {
                throw new UserErrorException(
                    $"cache: folder \"{_folder}\" may be written by others than its owner", $"run: chmod go-w {_folder}", ExitCode.Environment);
            }

            foreach (string name in (string[])["blobs", "unpacked", "partial", "temporary"])
            {
                MakeFolder(Path.Combine(_folder, name));
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                $"cache: folder \"{_folder}\" cannot be used: {problem.Message.TrimEnd('.')}", null, ExitCode.Environment, problem);
        }

        Sweep((time ?? TimeProvider.System).GetUtcNow() - s_leftoverAge);
    }

    /// <summary>
    /// Opens a package, unpacking it if that has not been done. Safe to call from several threads; each call gives a tree of its own.
    /// Contents may be read until the cache is disposed.
    /// </summary>
    /// <exception cref="UserErrorException">The .deb is not in the cache, is damaged, or is malformed.</exception>
    public UnpackedPackage Open(LockedPackage package)
    {
        if (TryLoad(package, out Entry? entry))
        {
            try
            {
                return Read(package, entry);
            }
            catch (MalformedInputException)
            {
                // Written by another version of this tool, whose reader accepted more or noted less.
                Discard(package);
            }
        }

        Unpack(package);
        return TryLoad(package, out entry)
            ? Read(package, entry)
            : throw new IOException($"cache: package \"{package.Name}\" {package.Version} cannot be read back after it was unpacked");
    }

    /// <summary>Closes the files of all packages that were opened.</summary>
    public void Dispose()
    {
        while (_handles.TryTake(out SafeFileHandle? handle))
        {
            handle.Dispose();
        }
    }

    /// <summary>
    /// Whether the package need not be fetched: it is unpacked, or its .deb is here and has the locked hash. A damaged .deb is removed.
    /// </summary>
    internal bool Holds(LockedPackage package) => TryLoad(package, out _) || VerifyBlob(package);

    /// <summary>Where the .deb is or will be; the folder exists.</summary>
    internal string PrepareBlobPath(LockedPackage package)
    {
        string path = BlobPath(package);
        MakeFolder(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>A download of the package that no one else is writing to, with what an earlier run left of it.</summary>
    internal PartialFile OpenPartial(LockedPackage package) => PartialFile.Open(Path.Combine(_folder, "partial"), Key(package));

    private static UnpackedPackage Read(LockedPackage package, Entry entry)
    {
        FileTree tree = DebContents.ReadTree(entry.Index.Headers, entry.Data, package.Name);
        return new UnpackedPackage(package, tree, DebContents.ReadControl(entry.Index.ControlTar));
    }

    /// <summary>The hash as a file name; a lock could say anything.</summary>
    private static string Key(LockedPackage package) =>
        package.Sha256.Length == 2 * SHA256.HashSizeInBytes && package.Sha256.All(char.IsAsciiHexDigitLower)
            ? package.Sha256
            : throw new UserErrorException(
                $"package \"{package.Name}\" {package.Version}: \"{package.Sha256}\" is no SHA-256 of 64 lower-case hexadecimal digits");

    private static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private string BlobPath(LockedPackage package)
    {
        string key = Key(package);
        return Path.Combine(_folder, "blobs", "sha256", key[..2], key);
    }

    private string UnpackedPath(LockedPackage package, string name) => Path.Combine(_folder, "unpacked", Key(package), name);

    private void Sweep(DateTimeOffset before)
    {
        foreach (string name in (string[])["partial", "temporary"])
        {
            foreach (FileInfo file in new DirectoryInfo(Path.Combine(_folder, name)).EnumerateFiles())
            {
                try
                {
                    if (file.LastWriteTimeUtc < before.UtcDateTime)
                    {
                        // Opening fails while another process holds the file.
                        using FileStream unused = new(file.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                        file.Delete();
                    }
                }
                catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
                {
                    // In use, swept by somebody else, or not ours: it costs space and nothing else.
                }
            }
        }
    }

    /// <summary>An unpacked package that can be read.</summary>
    private sealed record Entry(UnpackedIndex Index, ByteSource Data);
}
