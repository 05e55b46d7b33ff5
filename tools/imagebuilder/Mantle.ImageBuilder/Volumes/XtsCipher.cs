using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>
/// AES-256-XTS (IEEE 1619-2018, 5.3) over whole sectors, as dm-crypt's <c>aes-xts-plain64</c> has it: the tweak is the sector's number, least significant
/// byte first. The library has AES but not this mode, which is AES-ECB between two XORs with the tweak: what is done here is the tweak's arithmetic
/// (5.2), and AES runs over many sectors in one call. For one thread.
/// </summary>
internal sealed class XtsCipher : IDisposable
{
    /// <summary>Both keys, in bytes: the data's, then the tweak's.</summary>
    public const int KeyLength = 64;

    private const int BatchLength = 64 * 1024; // data and tweaks of a batch stay in the second-level cache
    private const int BlockLength = 16;

    private readonly int _sectorLength;
    private readonly Aes _dataAes = Aes.Create();
    private readonly Aes _tweakAes = Aes.Create();
    private readonly ICryptoTransform _data;
    private readonly ICryptoTransform _tweak;
    private readonly byte[] _numbers;
    private readonly byte[] _tweaks = new byte[BatchLength];

    /// <param name="key">64 bytes.</param>
    /// <param name="sectorLength">Bytes of a sector: a power of two from 16 to 64 KiB.</param>
    /// <param name="decrypts">The direction.</param>
    public XtsCipher(ReadOnlySpan<byte> key, int sectorLength, bool decrypts = false)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength, nameof(key));
        _sectorLength = sectorLength;
        _numbers = new byte[BatchLength / sectorLength * BlockLength];
        Prepare(_dataAes, key[..32]);
        Prepare(_tweakAes, key[32..]);
        _data = decrypts ? _dataAes.CreateDecryptor() : _dataAes.CreateEncryptor();
        _tweak = _tweakAes.CreateEncryptor();
    }

    /// <summary>Encrypts or decrypts sectors in place.</summary>
    /// <param name="firstSector">Number of the first.</param>
    /// <param name="buffer">Where they are.</param>
    /// <param name="start">Their first byte there.</param>
    /// <param name="length">Their length together, a multiple of a sector's.</param>
    public void Transform(long firstSector, byte[] buffer, int start, int length)
    {
        for (int done = 0; done < length; done += BatchLength)
        {
            int count = Math.Min(BatchLength, length - done);
            ComputeTweaks(firstSector + (done / _sectorLength), count);
            Xor(buffer.AsSpan(start + done, count));
            _data.TransformBlock(buffer, start + done, count, buffer, start + done);
            Xor(buffer.AsSpan(start + done, count));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data.Dispose();
        _tweak.Dispose();
        _dataAes.Dispose();
        _tweakAes.Dispose();
        Array.Clear(_tweaks);
        Array.Clear(_numbers);
    }

    // The setter copies the key; the array it wants is overwritten here.
    private static void Prepare(Aes aes, ReadOnlySpan<byte> key)
    {
#pragma warning disable CA5358 // ECB is what XTS is made of
        aes.Mode = CipherMode.ECB;
#pragma warning restore CA5358
        aes.Padding = PaddingMode.None;
        byte[] copy = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        key.CopyTo(copy);
        aes.Key = copy;
        CryptographicOperations.ZeroMemory(copy);
    }

    /// <summary>For each sector the encrypted number, then each block's tweak: the one before times α.</summary>
    private void ComputeTweaks(long firstSector, int count)
    {
        int sectors = count / _sectorLength;
        Span<byte> numbers = _numbers.AsSpan(0, sectors * BlockLength);
        numbers.Clear();
        for (int sector = 0; sector < sectors; sector++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(numbers[(sector * BlockLength)..], firstSector + sector);
        }

        _tweak.TransformBlock(_numbers, 0, numbers.Length, _numbers, 0);
        Span<ulong> tweaks = MemoryMarshal.Cast<byte, ulong>(_tweaks.AsSpan(0, count));
        int blocks = _sectorLength / BlockLength;
        for (int sector = 0; sector < sectors; sector++)
        {
            ulong low = BinaryPrimitives.ReadUInt64LittleEndian(numbers[(sector * BlockLength)..]);
            ulong high = BinaryPrimitives.ReadUInt64LittleEndian(numbers[((sector * BlockLength) + 8)..]);
            Span<ulong> of = tweaks.Slice(sector * blocks * 2, blocks * 2);
            for (int at = 0; at < of.Length; at += 2)
            {
                of[at] = low;
                of[at + 1] = high;
                unchecked
                {
                    // x^128 = x^7 + x^2 + x + 1
                    ulong carry = (ulong)((long)high >> 63) & 0x87;
                    high = (high << 1) | (low >> 63);
                    low = (low << 1) ^ carry;
                }
            }
        }
    }

    private void Xor(Span<byte> bytes)
    {
        Span<Vector<byte>> data = MemoryMarshal.Cast<byte, Vector<byte>>(bytes);
        Span<Vector<byte>> tweaks = MemoryMarshal.Cast<byte, Vector<byte>>(_tweaks.AsSpan(0, bytes.Length));
        for (int i = 0; i < data.Length; i++)
        {
            data[i] ^= tweaks[i];
        }
    }
}
