using Mantle.Measure;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Output;

/// <summary>
/// The folder of finished files, all or nothing: files are written into a sibling and the two folders change places in one step, so that a failed
/// or killed build leaves the previous output as it was. Builds of one output may run at once; the last to finish wins.
/// </summary>
public sealed class OutputFolder : IDisposable
{
    private readonly string _final;
    private readonly IReadOnlyCollection<string> _names;
    private readonly PendingFolder _pending;

    /// <summary>Prepares an empty sibling of the final folder.</summary>
    /// <param name="path">The final folder; it need not exist. A link to a folder stands for the folder.</param>
    /// <param name="names">The files that a build writes. A folder with anything else in it is not ours to replace.</param>
    public OutputFolder(string path, IReadOnlyCollection<string> names)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        _final = (Directory.Exists(full) ? new DirectoryInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName : null) ?? full;
        _names = names;
        RefuseForeignFiles();
        string parent = Path.GetDirectoryName(_final) ?? throw new UserErrorException($"output: \"{path}\" cannot be the root folder", exitCode: ExitCode.Environment);
        Directory.CreateDirectory(parent);
        _pending = PendingFolder.Create(_final);
    }

    /// <summary>Where to write.</summary>
    public string Pending => _pending.Path;

    /// <summary>Brings the files to disk and puts the finished folder in place of the previous one.</summary>
    public void Commit()
    {
        RefuseForeignFiles();
        SyncFiles();
        _pending.MoveTo(_final);
    }

    /// <summary>Removes what is left in the sibling: an unfinished build, or the previous output after a commit.</summary>
    public void Dispose() => _pending.Dispose();

    // At once: the file system's journal is then written once or twice, not once a file.
    private void SyncFiles() =>
        Task.WhenAll(_names.Select(name => Path.Combine(Pending, name)).Where(File.Exists).Select(path => Task.Run(() =>
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(file);
        }))).GetAwaiter().GetResult();

    private void RefuseForeignFiles()
    {
        if (File.Exists(_final))
        {
            throw new UserErrorException($"output: \"{_final}\" is a file", "name a folder", ExitCode.Environment);
        }

        string? foreign = !Directory.Exists(_final) ? null
            : new DirectoryInfo(_final).EnumerateFileSystemInfos().Where(info => info is not FileInfo || !_names.Contains(info.Name)).Select(info => info.Name)
                .Order(StringComparer.Ordinal).FirstOrDefault();
        if (foreign is not null)
        {
            throw new UserErrorException(
                $"output: \"{_final}\" holds \"{foreign}\", which no build has written", "move it away, or choose another folder with --output", ExitCode.Environment);
        }
    }
}
