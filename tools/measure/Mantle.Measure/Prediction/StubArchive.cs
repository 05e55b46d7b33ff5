using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Prediction;

/// <summary>
/// The small cpio archives (newc) that systemd-stub makes of sections and of files on the ESP, so that the initrd finds them below <c>/.extra</c>. Its
/// byte choices are the stub's, not those of any cpio program: the TPM measures them.
/// </summary>
internal static class StubArchive
{
    private const string Folder = ".extra";
    private const uint Directory = 0x4000;
    private const uint File = 0x8000;
    private const uint OpenFolder = 0b101_101_101;
    private const uint OpenFile = 0b100_100_100;
    private const uint OwnersFolder = 0b101_000_000;
    private const uint OwnersFile = 0b100_000_000;

    /// <summary>Made by another piece of the stub than records are: its one hex letter is a capital.</summary>
    private static readonly byte[] s_trailer = Encoding.ASCII.GetBytes(
        $"070701{0:x8}{0:x8}{0:x8}{0:x8}{1:x8}{0:x8}{0:x8}{0:x8}{0:x8}{0:x8}{0:x8}0000000B{0:x8}TRAILER!!!\0\0\0\0");

    /// <summary>An archive with the folder <c>.extra</c> and one file in it.</summary>
    public static ByteSource Make(string fileName, ByteSource content) => Make([Folder], OpenFolder, OpenFile, [new(fileName, content)]);

    /// <summary>An archive of credentials, which only their owner may read, in <c>.extra/SUBFOLDER</c>.</summary>
    public static ByteSource OfCredentials(string subfolder, IEnumerable<CompanionFile> files) =>
        Make([Folder, $"{Folder}/{subfolder}"], OwnersFolder, OwnersFile, files);

    /// <summary>An archive of extension images in <c>.extra/SUBFOLDER</c>.</summary>
    public static ByteSource OfExtensions(string subfolder, IEnumerable<CompanionFile> files) =>
        Make([Folder, $"{Folder}/{subfolder}"], OpenFolder, OpenFile, files);

    /// <summary>The stub's order: by UTF-16 code unit.</summary>
    public static IEnumerable<CompanionFile> Sorted(IEnumerable<CompanionFile> files) => files.OrderBy(file => file.Name, StringComparer.Ordinal);

    private static ByteSource Make(string[] folders, uint lastFolderMode, uint fileMode, IEnumerable<CompanionFile> files)
    {
        uint inode = 1;
        long length = 0;
        List<ByteSource.Extent> extents = [];
        void Add(ByteSource bytes)
        {
            extents.Add(new(length, bytes));
            length = RoundUp(length + bytes.Length);
        }

        foreach (string folder in folders)
        {
            Add(Record(inode++, Directory | (folder == folders[^1] ? lastFolderMode : OpenFolder), folder, 0));
        }

        foreach (CompanionFile file in Sorted(files))
        {
            Add(Record(inode++, File | fileMode, $"{folders[^1]}/{file.Name}", file.Content.Length));
            Add(file.Content);
        }

        Add(ByteSource.FromMemory(s_trailer));
        return ByteSource.Compose(length, extents);
    }

    private static ByteSource Record(uint inode, uint mode, string name, long size)
    {
        // magic, inode, mode, uid, gid, links, mtime, size, major, minor, rmajor, rminor, name size with NUL, checksum
        string header = $"070701{inode:x8}{mode:x8}{0:x8}{0:x8}{1:x8}{0:x8}{size:x8}{0:x8}{0:x8}{0:x8}{0:x8}{name.Length + 1:x8}{0:x8}";
        byte[] record = new byte[RoundUp(header.Length + name.Length + 1)];
        Encoding.ASCII.GetBytes(header + name, record);
        return ByteSource.FromMemory(record);
    }

    private static long RoundUp(long value) => (value + 3) & ~3L;
}
