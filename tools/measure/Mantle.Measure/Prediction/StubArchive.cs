using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Prediction;

/// <summary>
/// The small cpio archives (newc) that systemd-stub makes of sections, so that the initrd finds them below <c>/.extra</c>. Its byte choices
/// are the stub's, not those of any cpio program: the TPM measures them.
/// </summary>
internal static class StubArchive
{
    private const string Folder = ".extra";
    private const uint FolderMode = 0x4000 | 0b101_101_101; // S_IFDIR, 0555
    private const uint FileMode = 0x8000 | 0b100_100_100; // S_IFREG, 0444

    /// <summary>Made by another piece of the stub than records are: its one hex letter is a capital.</summary>
    private static readonly byte[] s_trailer = Encoding.ASCII.GetBytes(
        $"070701{0:x8}{0:x8}{0:x8}{0:x8}{1:x8}{0:x8}{0:x8}{0:x8}{0:x8}{0:x8}{0:x8}0000000B{0:x8}TRAILER!!!\0\0\0\0");

    /// <summary>An archive with the folder <c>.extra</c> and one file in it.</summary>
    public static ByteSource Make(string fileName, ByteSource content)
    {
        byte[] before = [.. Record(1, FolderMode, Folder, 0), .. Record(2, FileMode, $"{Folder}/{fileName}", content.Length)];
        long trailerAt = RoundUp(before.Length + content.Length);
        return ByteSource.Compose(
            trailerAt + s_trailer.Length,
            [new(0, ByteSource.FromMemory(before)), new(before.Length, content), new(trailerAt, ByteSource.FromMemory(s_trailer))]);
    }

    private static byte[] Record(uint inode, uint mode, string name, long size)
    {
        // magic, inode, mode, uid, gid, links, mtime, size, major, minor, rmajor, rminor, name size with NUL, checksum
        string header = $"070701{inode:x8}{mode:x8}{0:x8}{0:x8}{1:x8}{0:x8}{size:x8}{0:x8}{0:x8}{0:x8}{0:x8}{name.Length + 1:x8}{0:x8}";
        byte[] record = new byte[RoundUp(header.Length + name.Length + 1)];
        Encoding.ASCII.GetBytes(header + name, record);
        return record;
    }

    private static long RoundUp(long value) => (value + 3) & ~3L;
}
