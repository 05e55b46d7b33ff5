using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mantle.Formats.Bytes;

/// <summary>
/// Bytes of a known length that can be read at any offset, from several threads at once. Everything large is one of these:
/// a file on disk, a slice of a cached package, a file system image composed of both. So no image is ever held in memory.
/// </summary>
public abstract partial class ByteSource
{
    /// <summary>A source without bytes.</summary>
    public static ByteSource Empty { get; } = new MemoryByteSource(ReadOnlyMemory<byte>.Empty);

    /// <summary>Length in bytes.</summary>
    public abstract long Length { get; }

    /// <summary>A source over bytes in memory. The memory is not copied.</summary>
    public static ByteSource FromMemory(ReadOnlyMemory<byte> bytes) => new MemoryByteSource(bytes);

    /// <summary>A source of zeros.</summary>
    public static ByteSource Zeros(long length) => new ComposedByteSource(length, []);

    /// <summary>
    /// A source over an open file. The handle stays the caller's to dispose; the length is taken now.
    /// </summary>
    public static ByteSource FromFile(SafeFileHandle file) => new FileByteSource(file);

    /// <summary>A source over the file at a path. The file stays open as long as the source is in use.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Reliability", "CA2000", Justification = "The source owns the handle; its finalizer closes it.")]
    public static ByteSource OpenFile(string path) => new FileByteSource(File.OpenHandle(path));

    /// <summary>
    /// A source of <paramref name="length"/> bytes that shows each extent at its offset and zeros elsewhere.
    /// Extents must not overlap; they are sorted here.
    /// </summary>
    public static ByteSource Compose(long length, IEnumerable<Extent> extents) => new ComposedByteSource(length, extents);

    /// <summary>
    /// Fills <paramref name="destination"/> with the bytes from <paramref name="offset"/> on. The range must lie inside the source;
    /// a file that has become shorter in the meantime is an <see cref="IOException"/>.
    /// </summary>
    public void ReadExactly(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (offset > Length - destination.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), $"range {offset}+{destination.Length} is outside {Length} bytes");
        }

        ReadCore(offset, destination);
    }

    /// <summary>Reads a small range into a new array, as the reader of format <paramref name="format"/>: a range outside is malformed input.</summary>
    public byte[] ReadBytes(long offset, int count, string format)
    {
        if (offset < 0 || count < 0 || offset > Length - count)
        {
            throw new MalformedInputException(format, offset, $"needs {count} bytes but the input has {Length}");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(count);
        ReadCore(offset, bytes);
        return bytes;
    }

    /// <summary>The whole source as one array. For content that is known to be small.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)Length));
        ReadCore(0, bytes);
        return bytes;
    }

    /// <summary>A view of a part of this source.</summary>
    public ByteSource Slice(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (offset > Length - length)
        {
            throw new ArgumentOutOfRangeException(nameof(length), $"range {offset}+{length} is outside {Length} bytes");
        }

        return offset == 0 && length == Length ? this : SliceCore(offset, length);
    }

    /// <summary>
    /// The offset of the first byte, at or after <paramref name="offset"/>, that may be other than zero; <see cref="Length"/> when there is none. What lies
    /// before is a hole, known to be zero without a read: of a sparse file, or between the extents of a composed source.
    /// </summary>
    /// <param name="offset">0 to <see cref="Length"/>.</param>
    public virtual long FindData(long offset) => offset;

    /// <summary>A forward-only or seekable stream over the source.</summary>
    public Stream OpenStream() => new ByteSourceStream(this);

    /// <summary>Reads a range that has been checked to lie inside.</summary>
    protected internal abstract void ReadCore(long offset, Span<byte> destination);

    /// <summary>Slices a range that has been checked to lie inside.</summary>
    protected virtual ByteSource SliceCore(long offset, long length) => new SlicedByteSource(this, offset, length);

    /// <summary>A source placed at an offset of a composed source.</summary>
    /// <param name="Offset">Where it starts, in bytes.</param>
    /// <param name="Source">What is there.</param>
    public readonly record struct Extent(long Offset, ByteSource Source);

    private sealed class MemoryByteSource(ReadOnlyMemory<byte> bytes) : ByteSource
    {
        public override long Length => bytes.Length;

        protected internal override void ReadCore(long offset, Span<byte> destination) =>
            bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);

        protected override ByteSource SliceCore(long offset, long length) =>
            new MemoryByteSource(bytes.Slice((int)offset, (int)length));
    }

    private sealed partial class FileByteSource(SafeFileHandle file) : ByteSource
    {
        private const int SEEK_DATA = 3;
        private const int ENXIO = 6; // nothing but a hole follows

        public override long Length { get; } = RandomAccess.GetLength(file);

        /// <remarks>lseek(2). The file's own position, which it moves, is used by nobody: reads name their offset.</remarks>
        public override long FindData(long offset)
        {
            long data = offset < Length ? lseek(file, offset, SEEK_DATA) : Length;
            return data >= 0 ? Math.Min(data, Length) : Marshal.GetLastPInvokeError() == ENXIO ? Length : offset;
        }

        protected internal override void ReadCore(long offset, Span<byte> destination)
        {
            while (!destination.IsEmpty)
            {
                int count = RandomAccess.Read(file, destination, offset);
                if (count == 0)
                {
                    throw new IOException($"the file became shorter than {Length} bytes while it was read");
                }

                destination = destination[count..];
                offset += count;
            }
        }

        [LibraryImport("libc", SetLastError = true)]
        private static partial long lseek(SafeFileHandle file, long offset, int whence);
    }

    private sealed class SlicedByteSource(ByteSource whole, long start, long length) : ByteSource
    {
        public override long Length => length;

        public override long FindData(long offset) => Math.Min(whole.FindData(start + offset) - start, length);

        protected internal override void ReadCore(long offset, Span<byte> destination) => whole.ReadCore(start + offset, destination);

        protected override ByteSource SliceCore(long offset, long length) => new SlicedByteSource(whole, start + offset, length);
    }

    private sealed class ComposedByteSource : ByteSource
    {
        private readonly Extent[] _extents;
        private readonly long[] _offsets;

        public ComposedByteSource(long length, IEnumerable<Extent> extents)
        {
            Length = length;
            _extents = [.. extents.Where(e => e.Source.Length > 0).OrderBy(e => e.Offset)];
            _offsets = [.. _extents.Select(e => e.Offset)];
            long end = 0;
            foreach (Extent extent in _extents)
            {
                if (extent.Offset < end || extent.Offset > length - extent.Source.Length)
                {
                    throw new ArgumentException($"extent at {extent.Offset} overlaps another or runs past the end", nameof(extents));
                }

                end = extent.Offset + extent.Source.Length;
            }
        }

        public override long Length { get; }

        public override long FindData(long offset)
        {
            int index = Array.BinarySearch(_offsets, offset);
            for (index = index >= 0 ? index : Math.Max(~index - 1, 0); index < _extents.Length; index++)
            {
                (long start, ByteSource source) = _extents[index];
                long from = Math.Max(offset - start, 0);
                if (from < source.Length && source.FindData(from) is long data && data < source.Length)
                {
                    return start + data;
                }
            }

            return Length;
        }

        protected internal override void ReadCore(long offset, Span<byte> destination)
        {
            int index = Array.BinarySearch(_offsets, offset);
            index = index >= 0 ? index : Math.Max(~index - 1, 0);
            while (!destination.IsEmpty)
            {
                if (index < _extents.Length && offset >= _offsets[index] + _extents[index].Source.Length)
                {
                    index++;
                    continue;
                }

                bool inGap = index >= _extents.Length || offset < _offsets[index];
                long end = index >= _extents.Length ? Length : inGap ? _offsets[index] : _offsets[index] + _extents[index].Source.Length;
                int count = (int)Math.Min(end - offset, destination.Length);
                if (inGap)
                {
                    destination[..count].Clear();
                }
                else
                {
                    _extents[index].Source.ReadCore(offset - _offsets[index], destination[..count]);
                }

                destination = destination[count..];
                offset += count;
            }
        }
    }
}
