using Mantle.Formats.Bytes;

namespace Mantle.Measure.Release.Verification;

/// <summary>
/// The files of a release directory, each opened once and all but the image and the UKI read once: what is verified is what a caller gets, whatever happens to the
/// directory meanwhile, and however many other names a file has. Nothing but plain files under the names of <see cref="ReleaseFiles"/> may lie in it.
/// </summary>
internal sealed class ReleaseDirectory
{
    private const int MaximumFiles = 256;
    private const long MaximumRecords = 256 << 20;

    private readonly SortedDictionary<string, ByteSource> _files = new(StringComparer.Ordinal);

    private long _records;

    private ReleaseDirectory(string path) => Path = path;

    public string Path { get; }

    /// <summary>By name below the directory, the envelope included.</summary>
    public IReadOnlyDictionary<string, ByteSource> Files => _files;

    /// <summary>Why the directory is no release directory; empty: it is one.</summary>
    public List<string> Problems { get; } = [];

    /// <exception cref="UserErrorException">There is no such directory.</exception>
    public static ReleaseDirectory Open(string path)
    {
        DirectoryInfo folder = new(path);
        if (!folder.Exists)
        {
            throw new UserErrorException(
                $"release: \"{path}\" {(File.Exists(path) ? "is a file" : "does not exist")}", "name the directory that \"imagebuilder sign\" has written", ExitCode.Environment);
        }

        ReleaseDirectory directory = new(folder.FullName);
        directory.Add(folder, "");
        return directory;
    }

    public ByteSource? Find(string name) => _files.GetValueOrDefault(name);

    private void Add(DirectoryInfo folder, string prefix)
    {
        foreach (FileSystemInfo info in folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false })
            .OrderBy(info => info.Name, StringComparer.Ordinal))
        {
            string name = prefix + info.Name;
            string shown = PrintedText.Escape(name);
            if (_files.Count + Problems.Count >= MaximumFiles)
            {
                Problems.Add($"more than {MaximumFiles} entries");
                return;
            }

            if (info.LinkTarget is not null || info.Attributes.HasFlag(FileAttributes.ReparsePoint))
            {
                Problems.Add($"\"{shown}\" is a symbolic link");
            }
            else if (info is DirectoryInfo child)
            {
                if (name == ReleaseFiles.Identity)
                {
                    Add(child, name + "/");
                }
                else
                {
                    Problems.Add($"\"{shown}\" is a directory that no release has");
                }
            }
            else if (!ReleaseFiles.IsUnsigned(name) && !ReleaseFiles.IsName(name))
            {
                Problems.Add($"\"{shown}\" is no file of a release");
            }
            else if (info is FileInfo { Length: > 0 })
            {
                AddFile(name, shown, ByteSource.OpenFile(info.FullName));
            }
            else
            {
                // Pipes and devices have no length either, and are not to be opened.
                Problems.Add($"\"{shown}\" is empty or no plain file");
            }
        }
    }

    /// <summary>Image and UKI may be of any size: the one is proven block by block where it is used, of the other nothing is used but its digest.</summary>
    private void AddFile(string name, string shown, ByteSource file)
    {
        if (name is ReleaseFiles.Image or ReleaseFiles.Uki)
        {
            _files.Add(name, file);
        }
        else if (file.Length > MaximumRecords - _records)
        {
            Problems.Add($"\"{shown}\" and the files before it have more than {MaximumRecords:N0} bytes beside {ReleaseFiles.Image} and {ReleaseFiles.Uki}");
        }
        else
        {
            _records += file.Length;
            _files.Add(name, ByteSource.FromMemory(file.ToArray()));
        }
    }
}
