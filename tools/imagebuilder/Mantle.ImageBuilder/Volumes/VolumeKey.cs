using System.Security.Cryptography;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>Key bytes in memory that the garbage collector does not move; overwritten when they are not needed any more.</summary>
internal sealed class VolumeKey : IDisposable
{
    private readonly byte[] _bytes;

    /// <param name="bytes">Copied; what they were copied from is the caller's to overwrite.</param>
    public VolumeKey(ReadOnlySpan<byte> bytes)
    {
        _bytes = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(_bytes);
    }

    /// <summary>The key.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A new random key.</summary>
    /// <param name="length">Its length in bytes.</param>
    public static VolumeKey Random(int length)
    {
        VolumeKey key = new(new byte[length]);
        RandomNumberGenerator.Fill(key._bytes);
        return key;
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
