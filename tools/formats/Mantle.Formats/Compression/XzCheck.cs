using System.Buffers.Binary;
using System.Security.Cryptography;
using Mantle.Formats.Gpt;

namespace Mantle.Formats.Compression;

/// <summary>The checksum over the uncompressed bytes of an xz block (xz-file-format 1.2.1, 2.1.1.2).</summary>
internal sealed class XzCheck : IDisposable
{
    private const ulong Crc64Polynomial = 0xC96C5795D7870F42;

    private static readonly ulong[] s_crc64Table = MakeCrc64Table();

    private readonly int _kind;
    private readonly IncrementalHash? _sha256;
    private uint _crc32;
    private ulong _crc64 = ulong.MaxValue;

    /// <summary>A check that nothing has been added to.</summary>
    /// <param name="kind">The ID: 0 none, 1 CRC-32, 4 CRC-64, 10 SHA-256.</param>
    public XzCheck(int kind)
    {
        _kind = kind;
        _sha256 = kind == 10 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    }

    /// <summary>Bytes of the check by ID; -1 for one that is not known.</summary>
    public static int Length(int kind) => kind switch { 0 => 0, 1 => 4, 4 => 8, 10 => 32, _ => -1 };

    public void Add(ReadOnlySpan<byte> bytes)
    {
        switch (_kind)
        {
            case 1:
                _crc32 = Crc32.Append(_crc32, bytes);
                break;
            case 4:
                foreach (byte value in bytes)
                {
                    _crc64 = (_crc64 >> 8) ^ s_crc64Table[(byte)(_crc64 & byte.MaxValue) ^ value];
                }

                break;
            default:
                _sha256?.AppendData(bytes);
                break;
        }
    }

    public bool Matches(ReadOnlySpan<byte> stored) => _kind switch
    {
        0 => true,
        1 => BinaryPrimitives.ReadUInt32LittleEndian(stored) == _crc32,
        4 => BinaryPrimitives.ReadUInt64LittleEndian(stored) == ~_crc64,
        _ => stored.SequenceEqual(_sha256!.GetHashAndReset()),
    };

    public void Dispose() => _sha256?.Dispose();

    private static ulong[] MakeCrc64Table()
    {
        ulong[] table = new ulong[256];
        for (int i = 0; i < table.Length; i++)
        {
            ulong crc = (ulong)i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * Crc64Polynomial);
            }

            table[i] = crc;
        }

        return table;
    }
}
