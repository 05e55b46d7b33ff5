using System.Runtime.InteropServices;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Tree;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>What goes into a volume: a folder of files, or an EROFS image.</summary>
public static partial class VolumeContent
{
    /// <summary>The file system as bytes, a multiple of 4096 of them.</summary>
    /// <param name="path">A folder, or an EROFS image.</param>
    /// <param name="name">The volume's name.</param>
    /// <param name="version">Its version.</param>
    /// <exception cref="UserErrorException">There is nothing, or something that no volume can hold.</exception>
    public static ByteSource Open(string path, string name, string version)
    {
        if (Directory.Exists(path))
        {
            FileTree tree = new();
            Add(tree.Root, path);
            Guid id = VolumeFormat.Identifier(VolumeFormat.Derive("erofs", name, version, 0));
            return ErofsWriter.Layout(tree, new ErofsOptions { VolumeId = id, BuildTimeSeconds = 0 });
        }

        if (!File.Exists(path))
        {
            throw new UserErrorException($"\"{path}\" does not exist", "name a folder or an EROFS image");
        }

        ByteSource image = ByteSource.OpenFile(path);
        _ = ErofsReader.Open(image);
        long length = (image.Length + VolumeFormat.BlockLength - 1) / VolumeFormat.BlockLength * VolumeFormat.BlockLength;
        return length == image.Length ? image : ByteSource.Compose(length, [new(0, image)]);
    }

    /// <summary>What stands for the content without reading it: names, lengths and times of change.</summary>
    public static string Identity(string path)
    {
        IEnumerable<string> files = Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).Order(StringComparer.Ordinal)
            : [path];
        return string.Join('\n', files.Select(file => new FileInfo(file)).Select(file => $"{file.FullName}\0{file.LinkTarget}\0{file.Length}\0{file.LastWriteTimeUtc.Ticks}"));
    }

    /// <summary>Owner, time and permissions become the same for all, so that a volume follows from names and contents alone.</summary>
    private static void Add(FileNode folder, string from)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(from))
        {
            folder.Children.Add(Path.GetFileName(path), KindOf(path) switch
            {
                FileKind.SymbolicLink => FileNode.SymbolicLink(new FileInfo(path).LinkTarget!),
                FileKind.Directory => Folder(path),
                FileKind.Regular => FileNode.Regular(ByteSource.OpenFile(path)),
                _ => throw new UserErrorException($"\"{path}\" is a device, a pipe or a socket", "a volume holds files, folders and links"),
            });
        }
    }

    private static FileNode Folder(string from)
    {
        FileNode folder = FileNode.Directory();
        Add(folder, from);
        return folder;
    }

    /// <summary>.NET tells no pipe from a file before it is open, and opening one waits for its other end.</summary>
    private static unsafe FileKind KindOf(string path)
    {
        const int StatusLength = 144, ModeOffset = 24; // struct stat of x86-64
        byte* status = stackalloc byte[StatusLength];
        return lstat(path, status) == 0
            ? (FileKind)(*(uint*)(status + ModeOffset) >> 12)
            : throw new IOException($"\"{path}\" can't be looked at: errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int lstat(string path, byte* status);
}
