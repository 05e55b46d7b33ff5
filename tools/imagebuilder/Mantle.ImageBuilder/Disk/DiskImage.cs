using System.Buffers;
using System.Runtime.InteropServices;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Tree;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Disk;

/// <summary>Writes a source to a sparse file on all cores while one of them hashes it.</summary>
public static partial class DiskImage
{
    private const int ChunkSize = 1 << 20;
    private const int BlockSize = 4096;

    /// <summary>
    /// Writes the file; blocks of 4096 zeros become holes. The SHA-256 may come later, while the caller goes on: one core hashes, the others are free.
    /// The way to the disk begins here and is waited for when the output folder is committed.
    /// </summary>
    public static Task<byte[]> Write(ByteSource source, string path, CancellationToken cancellation)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        RandomAccess.SetLength(file, source.Length);
        Task<byte[]> hash = Task.Run(() => TreeDigest.HashContent(source, cancellation), cancellation);
        long chunks = (source.Length + ChunkSize - 1) / ChunkSize;
        Parallel.For(0, chunks, new ParallelOptions { CancellationToken = cancellation }, chunk => WriteChunk(source, file, chunk * ChunkSize));
        StartFlush(file);
        return hash;
    }

    /// <summary>Starts the way of a file's content to the disk. This alone makes nothing durable; it leaves less to do for the flush that does.</summary>
    internal static void StartFlush(SafeFileHandle file) => _ = sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);

    /// <summary>Bytes of a file that occupy space on disk: what SEEK_HOLE and SEEK_DATA (lseek(2)) show as data.</summary>
    public static long AllocatedBytes(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        long allocated = 0;
        for (long data = lseek(file, 0, SEEK_DATA); data >= 0;)
        {
            long hole = lseek(file, data, SEEK_HOLE);
            allocated += hole - data;
            data = lseek(file, hole, SEEK_DATA);
        }

        return allocated;
    }

    private const int SEEK_DATA = 3;
    private const int SEEK_HOLE = 4;
    private const uint SYNC_FILE_RANGE_WRITE = 2;

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);

    // Starts writing without waiting. A file system that cannot has all to do at the end: slower, not wrong.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int sync_file_range(SafeFileHandle file, long offset, long count, uint flags);

    private static void WriteChunk(ByteSource source, SafeFileHandle file, long offset)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(ChunkSize, source.Length - offset));
        source.ReadExactly(offset, chunk);
        for (int start = 0; start < chunk.Length;)
        {
            bool hole = IsZero(chunk, start);
            int end = start;
            do
            {
                end = Math.Min(end + BlockSize, chunk.Length);
            }
            while (end < chunk.Length && IsZero(chunk, end) == hole);
            if (!hole)
            {
                RandomAccess.Write(file, chunk[start..end], offset + start);
            }

            start = end;
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static bool IsZero(ReadOnlySpan<byte> chunk, int start) =>
        chunk.Slice(start, Math.Min(BlockSize, chunk.Length - start)).IndexOfAnyExcept((byte)0) < 0;
}
