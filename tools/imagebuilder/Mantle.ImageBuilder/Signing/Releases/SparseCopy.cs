using System.Runtime.InteropServices;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Disk;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>
/// Copies a sparse file and changes some of its blocks. Where the file system can share blocks, nothing is copied (ioctl_ficlone(2)); else the kernel copies
/// what is not a hole (copy_file_range(2)); else the new content is written as the builder writes it.
/// </summary>
internal static partial class SparseCopy
{
    private const nuint FICLONE = 0x40049409;
    private const int SEEK_DATA = 3;
    private const int SEEK_HOLE = 4;
    private const int CopySize = 1 << 26;

    /// <summary>Makes the new file and says how: <c>reflink</c>, <c>copy</c> or <c>write</c>.</summary>
    /// <param name="source">The file to copy.</param>
    /// <param name="target">The new file; it must not exist.</param>
    /// <param name="changes">What is different in it.</param>
    /// <param name="content">The new file's whole content, for the slow way.</param>
    /// <param name="cancellation">Ends it early; the new file is then unfinished.</param>
    public static string Write(string source, string target, IReadOnlyList<ByteSource.Extent> changes, ByteSource content, CancellationToken cancellation)
    {
        string how;
        using (SafeFileHandle from = File.OpenHandle(source))
        using (SafeFileHandle to = File.OpenHandle(target, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            how = ioctl(to, FICLONE, from) == 0 ? "reflink" : TryCopy(from, to, cancellation) ? "copy" : "write";
            if (how != "write")
            {
                foreach (ByteSource.Extent change in changes)
                {
                    RandomAccess.Write(to, change.Source.ToArray(), change.Offset);
                }
            }
        }

        if (how == "write")
        {
            File.Delete(target);
            DiskImage.Write(content, target, cancellation).GetAwaiter().GetResult();
        }

        return how;
    }

    private static bool TryCopy(SafeFileHandle from, SafeFileHandle to, CancellationToken cancellation)
    {
        long length = RandomAccess.GetLength(from);
        RandomAccess.SetLength(to, length);
        for (long data = lseek(from, 0, SEEK_DATA); data >= 0 && data < length;)
        {
            long hole = lseek(from, data, SEEK_HOLE);
            long input = data;
            long output = data;
            while (output < hole)
            {
                cancellation.ThrowIfCancellationRequested();
                if (copy_file_range(from, ref input, to, ref output, (nuint)Math.Min(hole - output, CopySize), 0) <= 0)
                {
                    return false;
                }
            }

            data = lseek(from, hole, SEEK_DATA);
        }

        return true;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, SafeFileHandle other);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint copy_file_range(SafeFileHandle input, ref long inputOffset, SafeFileHandle output, ref long outputOffset, nuint length, uint flags);
}
