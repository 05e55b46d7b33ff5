using System.Formats.Asn1;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Kms;

/// <summary>
/// CiphertextForRecipient: CMS EnvelopedData (RFC 5652, 6.1) in the one shape that KMS sends, in BER. One recipient, RSAES-OAEP with SHA-256 twice (RFC 4055, 4.1),
/// AES-256-CBC (RFC 3565). Read here and not by a general reader, because that one would take weaker algorithms as well and leave copies of the keys on the heap.
/// </summary>
internal sealed class RecipientMessage
{
    /// <summary>Longest message in bytes: 4096 of plaintext is the most that KMS encrypts.</summary>
    public const int MaximumLength = 16_384;

    private const string Format = "cms";
    private const string EnvelopedData = "1.2.840.113549.1.7.3", Data = "1.2.840.113549.1.7.1";
    private const string RsaOaep = "1.2.840.113549.1.1.7", Mgf1 = "1.2.840.113549.1.1.8", Sha256 = "2.16.840.1.101.3.4.2.1", Aes256Cbc = "2.16.840.1.101.3.4.1.42";
    private const int BlockSize = 16;
    private const int ContentKeySize = 32;

    private static readonly Asn1Tag s_context0 = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag s_context1 = new(TagClass.ContextSpecific, 1, isConstructed: true);

    private readonly byte[] _encryptedKey;
    private readonly byte[] _start;
    private readonly byte[] _content;

    private RecipientMessage(byte[] encryptedKey, byte[] start, byte[] content)
    {
        _encryptedKey = encryptedKey;
        _start = start;
        _content = content;
    }

    /// <summary>Reads a message.</summary>
    /// <exception cref="MalformedInputException">It is no such message.</exception>
    public static RecipientMessage Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaximumLength)
        {
            throw Malformed($"{bytes.Length} bytes are more than {MaximumLength}");
        }

        try
        {
            AsnReader outer = new(bytes, AsnEncodingRules.BER);
            AsnReader message = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            RequireIdentifier(message, EnvelopedData);
            AsnReader wrapper = message.ReadSequence(s_context0);
            message.ThrowIfNotEmpty();
            AsnReader enveloped = wrapper.ReadSequence();
            wrapper.ThrowIfNotEmpty();
            RequireVersion(enveloped);
            AsnReader recipients = enveloped.ReadSetOf(skipSortOrderValidation: true);
            byte[] encryptedKey = ReadRecipient(recipients.ReadSequence());
            recipients.ThrowIfNotEmpty();
            (byte[] start, byte[] content) = ReadContent(enveloped.ReadSequence());
            enveloped.ThrowIfNotEmpty();
            return new(encryptedKey, start, content);
        }
        catch (Exception e) when (e is AsnContentException or InvalidOperationException or OverflowException)
        {
            throw Malformed("it has not the form of a message to one RSA key");
        }
    }

    /// <summary>Decrypts it.</summary>
    /// <exception cref="UnsealException">It is not for this key, or damaged. Which of the two, nobody is told.</exception>
    public SecretBytes Open(RSA key)
    {
        using SecretBytes contentKey = new(key.KeySize / 8);
        SecretBytes plaintext = new(_content.Length);
        try
        {
            if (!key.TryDecrypt(_encryptedKey, contentKey.Span, RSAEncryptionPadding.OaepSHA256, out int keyLength) || keyLength != ContentKeySize)
            {
                throw new CryptographicException();
            }

            using Aes aes = Aes.Create();
            aes.SetKey(contentKey.Span[..ContentKeySize]);
            plaintext.Shorten(aes.DecryptCbc(_content, _start, plaintext.Span, PaddingMode.PKCS7));
            return plaintext;
        }
        catch (CryptographicException)
        {
            plaintext.Dispose();
            throw new UnsealException(Stage.RecipientMessage);
        }
    }

    private static byte[] ReadRecipient(AsnReader recipient)
    {
        RequireVersion(recipient);
        if (recipient.ReadOctetString(new Asn1Tag(TagClass.ContextSpecific, 0)).Length is 0 or > 64)
        {
            throw new AsnContentException();
        }

        AsnReader algorithm = recipient.ReadSequence();
        RequireIdentifier(algorithm, RsaOaep);
        AsnReader parameters = algorithm.ReadSequence();
        algorithm.ThrowIfNotEmpty();
        RequireSha256(parameters.ReadSequence(s_context0));
        AsnReader mask = parameters.ReadSequence(s_context1);
        parameters.ThrowIfNotEmpty(); // no label
        AsnReader function = mask.ReadSequence();
        mask.ThrowIfNotEmpty();
        RequireIdentifier(function, Mgf1);
        RequireSha256(function);
        byte[] key = recipient.ReadOctetString();
        recipient.ThrowIfNotEmpty();
        return key.Length is >= 256 and <= 512 ? key : throw new AsnContentException();
    }

    private static (byte[] Start, byte[] Content) ReadContent(AsnReader info)
    {
        RequireIdentifier(info, Data);
        AsnReader algorithm = info.ReadSequence();
        RequireIdentifier(algorithm, Aes256Cbc);
        byte[] start = algorithm.ReadOctetString();
        algorithm.ThrowIfNotEmpty();
        byte[] content = info.ReadOctetString(new Asn1Tag(TagClass.ContextSpecific, 0));
        info.ThrowIfNotEmpty();
        return start.Length == BlockSize && content.Length > 0 && content.Length % BlockSize == 0 ? (start, content) : throw new AsnContentException();
    }

    /// <summary>AlgorithmIdentifier within what holds nothing else. Its NULL may be missing (RFC 4055, 2.1).</summary>
    private static void RequireSha256(AsnReader outer)
    {
        AsnReader algorithm = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        RequireIdentifier(algorithm, Sha256);
        if (algorithm.HasData)
        {
            algorithm.ReadNull();
        }

        algorithm.ThrowIfNotEmpty();
    }

    private static void RequireIdentifier(AsnReader reader, string identifier)
    {
        if (reader.ReadObjectIdentifier() != identifier)
        {
            throw new AsnContentException();
        }
    }

    private static void RequireVersion(AsnReader reader)
    {
        if (!reader.TryReadInt32(out int version) || version != 2)
        {
            throw new AsnContentException();
        }
    }

    private static MalformedInputException Malformed(string problem) => new(Format, 0, problem);
}
