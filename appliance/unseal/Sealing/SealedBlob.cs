using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Sealing;

/// <summary>
/// What a volume's key partition and a sealed file hold (docs/unsealing.md, "Sealed blob"): a data key that KMS encrypted, and, for a file, content that is encrypted
/// with it. Integers are big-endian.
/// </summary>
internal sealed class SealedBlob
{
    /// <summary>Longest blob in bytes: a secret file of 4 MiB and what surrounds it.</summary>
    public const int MaximumLength = (4 << 20) + 8192;

    /// <summary>Longest ciphertext that KMS takes, in bytes (KMS API Reference, Decrypt).</summary>
    public const int MaximumKey = 6144;

    private const string Format = "sealed blob";
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int ContentKeySize = 32;

    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _nonce;
    private readonly int _contentLength;

    private SealedBlob(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> encryptedKey, bool hasContent, int nonce, int contentLength)
    {
        _bytes = bytes;
        EncryptedKey = encryptedKey;
        HasContent = hasContent;
        _nonce = nonce;
        _contentLength = contentLength;
    }

    private static ReadOnlySpan<byte> Magic => "MANTLESK"u8;

    /// <summary>KMS's ciphertext of the data key.</summary>
    public ReadOnlyMemory<byte> EncryptedKey { get; }

    /// <summary>Whether the data key encrypts content; otherwise it is the secret itself.</summary>
    public bool HasContent { get; }

    /// <summary>Reads a blob.</summary>
    /// <param name="bytes">The blob.</param>
    /// <param name="allowsPadding">Whether zeros may follow, as in a partition.</param>
    /// <exception cref="MalformedInputException">The bytes are no blob.</exception>
    public static SealedBlob Read(ReadOnlyMemory<byte> bytes, bool allowsPadding)
    {
        SpanReader reader = new(bytes.Span, Format);
        if (!reader.ReadBytes(Magic.Length).SequenceEqual(Magic))
        {
            throw new MalformedInputException(Format, 0, "it does not start with \"MANTLESK\"");
        }

        if (reader.ReadUInt32BigEndian() != 1)
        {
            throw new MalformedInputException(Format, Magic.Length, "the version is not 1");
        }

        uint keyLength = reader.ReadUInt32BigEndian();
        if (keyLength is 0 or > MaximumKey)
        {
            throw reader.Malformed($"an encrypted key of {keyLength} bytes");
        }

        int key = reader.Position;
        reader.Skip((int)keyLength);
        byte algorithm = reader.ReadByte();
        if (algorithm > 1)
        {
            throw reader.Malformed($"algorithm {algorithm} is not known");
        }

        int nonce = reader.Position, contentLength = 0;
        if (algorithm == 1)
        {
            reader.Skip(NonceSize);
            uint length = reader.ReadUInt32BigEndian();
            if (length > reader.Remaining)
            {
                throw reader.Malformed($"content of {length} bytes but {reader.Remaining} are left");
            }

            contentLength = (int)length;
            reader.Skip(contentLength);
            reader.Skip(TagSize);
        }

        ReadOnlySpan<byte> rest = reader.ReadBytes(reader.Remaining);
        bool isForeign = allowsPadding ? rest.ContainsAnyExcept((byte)0) : !rest.IsEmpty;
        return isForeign
            ? throw reader.Malformed("something follows")
            : new(bytes, bytes.Slice(key, (int)keyLength), algorithm == 1, nonce, contentLength);
    }

    /// <summary>The secret, once the data key is known.</summary>
    /// <exception cref="UnsealException">The data key has the wrong size, or the content has been changed.</exception>
    public SecretBytes Open(SecretBytes dataKey)
    {
        if (!HasContent)
        {
            SecretBytes copy = new(dataKey.Length);
            dataKey.Span.CopyTo(copy.Span);
            return copy;
        }

        if (dataKey.Length != ContentKeySize)
        {
            throw new UnsealException(Stage.KeySize);
        }

        ReadOnlySpan<byte> span = _bytes.Span;
        int content = _nonce + NonceSize + sizeof(uint);
        SecretBytes result = new(_contentLength);
        try
        {
            using AesGcm cipher = new(dataKey.Span, TagSize);
            cipher.Decrypt(
                span.Slice(_nonce, NonceSize), span.Slice(content, _contentLength), span.Slice(content + _contentLength, TagSize), result.Span, associatedData: span[.._nonce]);
            return result;
        }
        catch (CryptographicException e)
        {
            result.Dispose();
            throw new UnsealException(Stage.SealedBlob, e);
        }
    }
}
