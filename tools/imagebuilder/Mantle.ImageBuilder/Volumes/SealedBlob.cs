using System.Buffers.Binary;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>How a sealed blob's data key leads to the secret.</summary>
public enum SealedContent : byte
{
    /// <summary>The data key is the secret: a volume's 64-byte key.</summary>
    Key = 0,

    /// <summary>The secret is encrypted under the data key with AES-256-GCM.</summary>
    Aes256Gcm = 1,
}

/// <summary>
/// A secret that only an attested appliance opens (docs/unsealing.md, "Sealed blobs"): a data key as KMS has encrypted it, and what it opens. Integers are
/// big-endian.
/// </summary>
public sealed class SealedBlob
{
    /// <summary>The longest CiphertextBlob that is taken: KMS's limit for one.</summary>
    public const int MaximumCiphertext = 6144;

    /// <summary>Bytes of a volume's key partition.</summary>
    public const int PartitionLength = 8192;

    private const string Format = "sealed blob";
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const uint Version = 1;

    private SealedBlob(byte[] encryptedKey, SealedContent content, int length)
    {
        EncryptedKey = encryptedKey;
        Content = content;
        Length = length;
    }

    private static ReadOnlySpan<byte> Magic => "MANTLESK"u8;

    /// <summary>The data key, encrypted: KMS's CiphertextBlob.</summary>
    public ReadOnlyMemory<byte> EncryptedKey { get; }

    /// <summary>What it opens.</summary>
    public SealedContent Content { get; }

    /// <summary>Bytes of the blob, without padding.</summary>
    public int Length { get; }

    /// <summary>A blob whose data key is the secret.</summary>
    public static byte[] OfKey(ReadOnlySpan<byte> encryptedKey) => Head(encryptedKey, SealedContent.Key);

    /// <summary>A blob with a secret in it.</summary>
    /// <param name="encryptedKey">The data key, encrypted.</param>
    /// <param name="key">The data key: 32 bytes, used for this one secret.</param>
    /// <param name="secret">What to seal.</param>
    public static byte[] OfSecret(ReadOnlySpan<byte> encryptedKey, ReadOnlySpan<byte> key, ReadOnlySpan<byte> secret)
    {
        byte[] head = Head(encryptedKey, SealedContent.Aes256Gcm);
        byte[] blob = new byte[head.Length + NonceLength + 4 + secret.Length + TagLength];
        head.CopyTo(blob, 0);
        Span<byte> nonce = blob.AsSpan(head.Length, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        BinaryPrimitives.WriteInt32BigEndian(blob.AsSpan(head.Length + NonceLength), secret.Length);
        using AesGcm aes = new(key, TagLength);
        aes.Encrypt(nonce, secret, blob.AsSpan(head.Length + NonceLength + 4, secret.Length), blob.AsSpan(blob.Length - TagLength), head);
        return blob;
    }

    /// <summary>Reads a blob.</summary>
    /// <param name="bytes">A file, or a key partition.</param>
    /// <param name="isPadded">Whether zeros follow, as in a partition; nothing may follow in a file.</param>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public static SealedBlob Read(ReadOnlySpan<byte> bytes, bool isPadded)
    {
        SpanReader reader = new(bytes, Format);
        if (!reader.ReadBytes(8).SequenceEqual(Magic))
        {
            throw new MalformedInputException(Format, 0, "signature is not \"MANTLESK\"");
        }

        uint version = reader.ReadUInt32BigEndian();
        uint length = reader.ReadUInt32BigEndian();
        if (version != Version || length is 0 or > MaximumCiphertext)
        {
            throw new MalformedInputException(Format, 8, $"version {version} with an encrypted key of {length} bytes is not known");
        }

        byte[] encryptedKey = reader.ReadBytes((int)length).ToArray();
        SealedContent content = (SealedContent)reader.ReadByte();
        if (content == SealedContent.Aes256Gcm)
        {
            reader.Skip(NonceLength);
            uint secret = reader.ReadUInt32BigEndian();
            reader.Skip((int)Math.Min(secret, int.MaxValue));
            reader.Skip(TagLength);
        }
        else if (content != SealedContent.Key)
        {
            throw reader.Malformed($"algorithm {(byte)content} is not known");
        }

        SealedBlob blob = new(encryptedKey, content, reader.Position);
        ReadOnlySpan<byte> rest = reader.ReadBytes(reader.Remaining);
        return rest.IsEmpty || (isPadded && rest.IndexOfAnyExcept((byte)0) < 0)
            ? blob
            : throw new MalformedInputException(Format, blob.Length, isPadded ? "padding is not zero" : "bytes follow the blob");
    }

    private static byte[] Head(ReadOnlySpan<byte> encryptedKey, SealedContent content)
    {
        ArgumentOutOfRangeException.ThrowIfZero(encryptedKey.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(encryptedKey.Length, MaximumCiphertext, nameof(encryptedKey));
        byte[] head = new byte[16 + encryptedKey.Length + 1];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(12), encryptedKey.Length);
        encryptedKey.CopyTo(head.AsSpan(16));
        head[^1] = (byte)content;
        return head;
    }
}
