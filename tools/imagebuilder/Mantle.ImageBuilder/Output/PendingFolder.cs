using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using Mantle.Measure;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Output;

/// <summary>
/// A new folder beside the one that it will replace. It is locked (flock(2)) as long as its process lives, so that the next build can tell a folder in
/// use from one that a killed build has left, whatever has become of process numbers since.
/// </summary>
internal sealed partial class PendingFolder : IDisposable
{
    private const string Mark = ".pending-";

    // renameat2(2), open(2), flock(2). AT_FDCWD: paths are relative to the working directory.
    private const int AT_FDCWD = -100;
    private const uint RENAME_PLAIN = 0;
    private const uint RENAME_NOREPLACE = 1;
    private const uint RENAME_EXCHANGE = 2;
    private const int O_RDONLY = 0;
    private const int O_DIRECTORY = 0x10000;
    private const int O_CLOEXEC = 0x80000;
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int ENOENT = 2;
    private const int EWOULDBLOCK = 11;
    private const int EEXIST = 17;
    private const int EINVAL = 22;

    private static readonly SearchValues<char> s_numbers = SearchValues.Create("0123456789.");
    private readonly SafeFileHandle _lock;

    private PendingFolder(string path, SafeFileHandle held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Makes an empty sibling of a folder, and removes siblings that killed builds have left.</summary>
    public static PendingFolder Create(string final)
    {
        Sweep(final);
        for (int number = 0; ; number++)
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"{final}{Mark}{Environment.ProcessId}.{number}");
            if (Directory.Exists(path))
            {
                continue; // a process in another container has our number
            }

            Directory.CreateDirectory(path);
            SafeFileHandle held = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

            // A sweep may have seen the folder before it was locked; then the next name is tried. Where locks are not supported, it goes without.
            bool lost = held.IsInvalid || (flock(held, LOCK_EX | LOCK_NB) != 0 && Marshal.GetLastPInvokeError() == EWOULDBLOCK);
            if (!lost && Directory.Exists(path))
            {
                return new PendingFolder(path, held);
            }

            held.Dispose();
        }
    }

    /// <summary>Makes it the folder of that name; what was there is then here, to be removed.</summary>
    /// <param name="final">The name.</param>
    /// <param name="replace">Whether a folder that is there may be replaced.</param>
    public void MoveTo(string final, bool replace = true)
    {
        SyncFolder(Path);
        int problem;
        do
        {
            // Another build may make or remove the folder at the same time: then it is the other kind of move.
            uint how = replace && Directory.Exists(final) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
            problem = Rename(final, how);
            if (problem == EINVAL && how == RENAME_NOREPLACE)
            {
                // Many network and FUSE file systems know no flags. Without one, a folder still takes no place but that of an empty one.
                problem = Rename(final, RENAME_PLAIN);
            }
        }
        while (replace && problem is EEXIST or ENOENT && Directory.Exists(Path));

        if (problem != 0)
        {
            throw new UserErrorException(
                $"output: cannot put the new files in place of \"{final}\": {Marshal.GetPInvokeErrorMessage(problem)}",
                "choose an output folder on a local Linux file system, or one that does not exist yet", ExitCode.Environment);
        }

        SyncFolder(System.IO.Path.GetDirectoryName(final)!);
    }

    /// <summary>Removes what has this name now.</summary>
    public void Dispose()
    {
        Remove(Path);
        _lock.Dispose();
    }

    private int Rename(string final, uint how) => renameat2(AT_FDCWD, Path, AT_FDCWD, final, how) == 0 ? 0 : Marshal.GetLastPInvokeError();

    private static void Sweep(string final)
    {
        string prefix = System.IO.Path.GetFileName(final) + Mark;
        foreach (DirectoryInfo folder in new DirectoryInfo(System.IO.Path.GetDirectoryName(final)!).EnumerateDirectories(prefix + "*"))
        {
            // A folder that a user has called so is not ours.
            if (!folder.Name.StartsWith(prefix, StringComparison.Ordinal) || folder.Name.AsSpan(prefix.Length).ContainsAnyExcept(s_numbers))
            {
                continue;
            }

            using SafeFileHandle unused = open(folder.FullName, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (!unused.IsInvalid && flock(unused, LOCK_EX | LOCK_NB) == 0)
            {
                Remove(folder.FullName);
            }
        }
    }

    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Swept by another build, or the disk is failing: whatever the build has come to is not changed by it, and the next one tries again.
        }
    }

    private static void SyncFolder(string path)
    {
        using SafeFileHandle folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _ = folder.IsInvalid ? -1 : fsync(folder);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int oldFolder, string oldPath, int newFolder, string newPath, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);
}
