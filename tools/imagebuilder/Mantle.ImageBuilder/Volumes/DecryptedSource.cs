using System.Collections.Concurrent;
using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>An encrypted partition's content in clear, sector by sector as it is read.</summary>
internal sealed class DecryptedSource(ByteSource encrypted, byte[] key) : ByteSource
{
    private const int Sector = VolumeFormat.BlockLength;
    private readonly ConcurrentBag<XtsCipher> _ciphers = [];

    /// <inheritdoc/>
    public override long Length => encrypted.Length;

    /// <inheritdoc/>
    protected override void ReadCore(long offset, Span<byte> destination)
    {
        long first = offset / Sector;
        long end = (offset + destination.Length + Sector - 1) / Sector;
        byte[] sectors = new byte[(int)(end - first) * Sector];
        encrypted.ReadExactly(first * Sector, sectors);
        if (!_ciphers.TryTake(out XtsCipher? cipher))
        {
            cipher = new XtsCipher(key, Sector, decrypts: true);
        }

        cipher.Transform(first, sectors, 0, sectors.Length);
        _ciphers.Add(cipher);
        sectors.AsSpan((int)(offset - (first * Sector)), destination.Length).CopyTo(destination);
    }
}
