using System.Runtime.InteropServices;
using Mantle.Measure;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Output;

/// <summary>
/// The folder of finished files, all or nothing: files are written into a sibling and the two folders change places in one step, so that a failed
/// or killed build leaves the previous output as it was.
/// </summary>
public sealed partial class OutputFolder : IDisposable
{
    private const string PendingMark = ".pending-";

    // renameat2(2): exchange two paths atomically. AT_FDCWD: paths are relative to the working directory.
    private const int AT_FDCWD = -100;
    private const uint RENAME_EXCHANGE = 2;

    private readonly string _final;
    private readonly IReadOnlyCollection<string> _names;

    /// <summary>Prepares an empty sibling of the final folder.</summary>
    /// <param name="path">The final folder; it need not exist.</param>
    /// <param name="names">The files that a build writes. A folder with anything else in it is not ours to replace.</param>
    public OutputFolder(string path, IReadOnlyCollection<string> names)
    {
        _final = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        _names = names;
        RefuseForeignFiles();
        string parent = Path.GetDirectoryName(_final) ?? throw new UserErrorException($"output: \"{path}\" cannot be the root folder");
        Directory.CreateDirectory(parent);
        SweepAbandoned(parent);
        Pending = _final + PendingMark + Environment.ProcessId;
        Directory.CreateDirectory(Pending);
    }

    /// <summary>Where to write.</summary>
    public string Pending { get; }

    /// <summary>Brings the files to disk and puts the finished folder in place of the previous one.</summary>
    public void Commit()
    {
        RefuseForeignFiles();
        SyncFiles();
        SyncFolder(Pending);
        if (!Directory.Exists(_final))
        {
            Directory.Move(Pending, _final);
        }
        else if (renameat2(AT_FDCWD, Pending, AT_FDCWD, _final, RENAME_EXCHANGE) != 0)
        {
            throw new UserErrorException(
                $"output: cannot put the new files in place of \"{_final}\": {Marshal.GetLastPInvokeErrorMessage()}",
                "choose an output folder on a local Linux file system", ExitCode.Environment);
        }

        SyncFolder(Path.GetDirectoryName(_final)!);
    }

    /// <summary>Removes what is left in the sibling: an unfinished build, or the previous output after a commit.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Pending))
        {
            Directory.Delete(Pending, recursive: true);
        }
    }

    private void RefuseForeignFiles()
    {
        if (File.Exists(_final))
        {
            throw new UserErrorException($"output: \"{_final}\" is a file", "name a folder", ExitCode.Environment);
        }

        string? foreign = !Directory.Exists(_final) ? null
            : new DirectoryInfo(_final).EnumerateFileSystemInfos().Select(info => info.Name).Where(name => !_names.Contains(name))
                .Order(StringComparer.Ordinal).FirstOrDefault();
        if (foreign is not null)
        {
            throw new UserErrorException(
                $"output: \"{_final}\" holds \"{foreign}\", which no build has written", "move it away, or choose another folder with --output", ExitCode.Environment);
        }
    }

    /// <summary>A killed build leaves its sibling; it is gone with the next build, unless its process still lives.</summary>
    private void SweepAbandoned(string parent)
    {
        string prefix = Path.GetFileName(_final) + PendingMark;
        foreach (DirectoryInfo folder in new DirectoryInfo(parent).EnumerateDirectories(prefix + "*"))
        {
            if (!Directory.Exists("/proc/" + folder.Name[prefix.Length..]))
            {
                folder.Delete(recursive: true);
            }
        }
    }

    // At once: the file system's journal is then written once or twice, not once a file.
    private void SyncFiles() =>
        Task.WhenAll(_names.Select(name => Path.Combine(Pending, name)).Where(File.Exists).Select(path => Task.Run(() =>
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(file);
        }))).GetAwaiter().GetResult();

    private static void SyncFolder(string path)
    {
        using SafeFileHandle folder = open(path, O_RDONLY | O_DIRECTORY);
        _ = folder.IsInvalid ? -1 : fsync(folder);
    }

    private const int O_RDONLY = 0;
    private const int O_DIRECTORY = 0x10000;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int oldFolder, string oldPath, int newFolder, string newPath, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);
}
