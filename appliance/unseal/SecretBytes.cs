using System.Security.Cryptography;

namespace Mantle.Unseal;

/// <summary>A key or a secret: in memory that the garbage collector does not move, so that no copy stays behind, and overwritten when it is not needed any more.</summary>
internal sealed class SecretBytes : IDisposable
{
    private readonly byte[] _bytes;
    private int _length;

    /// <param name="length">Length in bytes.</param>
    public SecretBytes(int length)
    {
        _bytes = GC.AllocateArray<byte>(length, pinned: true);
        _length = length;
    }

    /// <summary>The bytes.</summary>
    public Span<byte> Span => _bytes.AsSpan(0, _length);

    /// <summary>Length in bytes.</summary>
    public int Length => _length;

    /// <summary>Forgets the end.</summary>
    public void Shorten(int length)
    {
        CryptographicOperations.ZeroMemory(_bytes.AsSpan(length, _length - length));
        _length = length;
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
