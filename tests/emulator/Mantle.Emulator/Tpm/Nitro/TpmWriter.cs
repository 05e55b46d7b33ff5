using System.Buffers;
using System.Buffers.Binary;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>Marshals what responses hold (TPM 2.0 part 2, 4): big-endian, sized buffers with a size of two bytes.</summary>
internal sealed class TpmWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    public TpmWriter Byte(byte value) => Raw([value]);

    public TpmWriter UInt16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.GetSpan(2), checked((ushort)value));
        _buffer.Advance(2);
        return this;
    }

    public TpmWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
        return this;
    }

    public TpmWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _buffer.Write(bytes);
        return this;
    }

    /// <summary>TPM2B.</summary>
    public TpmWriter Sized(ReadOnlySpan<byte> bytes) => UInt16(bytes.Length).Raw(bytes);
}
