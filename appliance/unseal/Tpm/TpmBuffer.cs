using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mantle.Unseal.Tpm;

/// <summary>Marshals commands: big-endian, sized buffers with a size of two bytes in front (TPM 2.0 part 2, 4). What it held is overwritten at the end: it may be a secret.</summary>
internal sealed class TpmBuffer : IDisposable
{
    private readonly byte[] _bytes = GC.AllocateArray<byte>(4096, pinned: true);
    private int _length;

    public Span<byte> Written => _bytes.AsSpan(0, _length);

    public byte[] ToArray() => Written.ToArray();

    public TpmBuffer Byte(byte value)
    {
        _bytes[_length++] = value;
        return this;
    }

    public TpmBuffer UInt16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(_length), checked((ushort)value));
        _length += 2;
        return this;
    }

    public TpmBuffer UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_bytes.AsSpan(_length), value);
        _length += 4;
        return this;
    }

    public TpmBuffer Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
        return this;
    }

    /// <summary>TPM2B.</summary>
    public TpmBuffer Sized(ReadOnlySpan<byte> bytes) => UInt16(bytes.Length).Raw(bytes);

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
