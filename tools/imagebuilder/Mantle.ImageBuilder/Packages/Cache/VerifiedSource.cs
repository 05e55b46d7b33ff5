using System.Buffers;
using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Packages;

/// <summary>
/// A cached file whose chunks are verified when they are first read, so that opening costs nothing and nothing unverified ever reaches an image.
/// Damage is repaired: the file is made again from its package and the read goes on.
/// </summary>
/// <param name="file">The file; exactly as long as when the digests were taken.</param>
/// <param name="digests">Digests of its chunks.</param>
/// <param name="repair">Makes the file again; an exception says why it could not.</param>
internal sealed class VerifiedSource(ByteSource file, ChunkDigests digests, Func<ByteSource> repair) : ByteSource
{
    private readonly Lock _repairing = new();
    private readonly int[] _verified = new int[(digests.Count + 31) / 32];
    private volatile ByteSource _file = file;

    public override long Length { get; } = file.Length;

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int chunk = (int)(offset / ChunkDigests.ChunkLength);
            int within = (int)(offset % ChunkDigests.ChunkLength);
            int count = Math.Min(ChunkLength(chunk) - within, destination.Length);
            if (IsVerified(chunk))
            {
                // As far as the verified chunks go, in one read.
                for (int next = chunk + 1; count < destination.Length && IsVerified(next); next++)
                {
                    count = Math.Min(count + ChunkLength(next), destination.Length);
                }

                _file.ReadExactly(offset, destination[..count]);
            }
            else if (count == ChunkLength(chunk))
            {
                ReadChunk(chunk, destination[..count]);
            }
            else
            {
                byte[] whole = ArrayPool<byte>.Shared.Rent(ChunkDigests.ChunkLength);
                ReadChunk(chunk, whole.AsSpan(0, ChunkLength(chunk)));
                whole.AsSpan(within, count).CopyTo(destination);
                ArrayPool<byte>.Shared.Return(whole);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    private int ChunkLength(int chunk) =>
        (int)Math.Min(Length - ((long)chunk * ChunkDigests.ChunkLength), ChunkDigests.ChunkLength);

    private bool IsVerified(int chunk) => (Volatile.Read(ref _verified[chunk / 32]) >> (chunk % 32) & 1) != 0;

    private void ReadChunk(int chunk, Span<byte> bytes)
    {
        ByteSource source = _file;
        if (!TryReadChunk(source, chunk, bytes))
        {
            lock (_repairing)
            {
                // Another thread may have met the same damage first.
                if (ReferenceEquals(source, _file))
                {
                    _file = repair();
                }
            }

            if (!TryReadChunk(_file, chunk, bytes))
            {
                throw new IOException(
                    $"a file of the package cache is damaged again right after it was made (chunk {chunk}): the storage is not reliable");
            }
        }

        Interlocked.Or(ref _verified[chunk / 32], 1 << (chunk % 32));
    }

    private bool TryReadChunk(ByteSource source, int chunk, Span<byte> bytes)
    {
        try
        {
            source.ReadExactly((long)chunk * ChunkDigests.ChunkLength, bytes);
        }
        catch (IOException)
        {
            return false;
        }

        return digests.Matches(chunk, bytes);
    }
}
