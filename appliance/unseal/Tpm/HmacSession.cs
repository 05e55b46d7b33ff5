using System.Buffers.Binary;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Tpm;

/// <summary>
/// An HMAC session that is salted and not bound (TPM 2.0 part 1, 19.6), with AES-128-CFB for the first parameter (21). SHA-512, as AWS's client has it. Every
/// response but AWS's own is checked.
/// </summary>
internal sealed class HmacSession : TpmSession, IDisposable
{
    /// <summary>Bytes of a nonce, a key, an HMAC.</summary>
    public const int Size = 64;

    private const int CipherKeySize = 16;
    private const int BlockSize = 16;
    private static readonly HashAlgorithmName s_hash = HashAlgorithmName.SHA512;

    private readonly byte[] _sessionKey = GC.AllocateArray<byte>(Size, pinned: true);
    private readonly byte[] _nonceCaller = new byte[Size];
    private readonly byte[] _nonceTpm = new byte[Size];

    /// <param name="handle">The TPM's handle of it.</param>
    /// <param name="salt">What the caller encrypted to the TPM's key.</param>
    /// <param name="nonceCaller">The caller's first nonce.</param>
    /// <param name="nonceTpm">The TPM's.</param>
    public HmacSession(uint handle, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> nonceCaller, ReadOnlySpan<byte> nonceTpm)
    {
        Handle = handle;
        nonceTpm.CopyTo(_nonceTpm);
        DeriveKey(salt, "ATH"u8, nonceTpm, nonceCaller, _sessionKey);
    }

    public uint Handle { get; }

    /// <inheritdoc/>
    public override void Authorize(TpmCode command, ReadOnlySpan<byte> names, Span<byte> parameters, ReadOnlySpan<byte> authValue, TpmSessionAttributes attributes, TpmBuffer area)
    {
        RandomNumberGenerator.Fill(_nonceCaller);
        if (attributes.HasFlag(TpmSessionAttributes.Decrypt))
        {
            Crypt(FirstParameter(parameters), authValue, _nonceCaller, _nonceTpm, isEncryption: true);
        }

        Span<byte> parameterHash = stackalloc byte[Size];
        HashCommand(command, names, parameters, parameterHash);
        Span<byte> proof = stackalloc byte[Size];
        Prove(parameterHash, authValue, _nonceCaller, _nonceTpm, attributes, proof);
        area.UInt32(Handle).Sized(_nonceCaller).Byte((byte)attributes).Sized(proof);
    }

    /// <inheritdoc/>
    public override void Accept(TpmCode command, TpmReply reply, ReadOnlySpan<byte> authValue, TpmSessionAttributes attributes)
    {
        SpanReader reader = new(reply.Authorizations, TpmReply.Format);
        ReadOnlySpan<byte> nonce = ReadSized(ref reader);
        byte answered = reader.ReadByte();
        ReadOnlySpan<byte> given = ReadSized(ref reader);
        if (answered != (byte)attributes || reader.Remaining != 0)
        {
            throw reader.Malformed("another session's attributes, or more than one session");
        }

        nonce.CopyTo(_nonceTpm);
        Span<byte> parameterHash = stackalloc byte[Size];
        using (IncrementalHash hash = IncrementalHash.CreateHash(s_hash))
        {
            hash.AppendData([0, 0, 0, 0]);
            AppendCode(hash, command);
            hash.AppendData(reply.Parameters);
            hash.GetHashAndReset(parameterHash);
        }

        Span<byte> proof = stackalloc byte[Size];
        Prove(parameterHash, authValue, _nonceTpm, _nonceCaller, attributes, proof);
        if (!CryptographicOperations.FixedTimeEquals(proof, given))
        {
            throw reader.Malformed("the HMAC is wrong");
        }

        if (attributes.HasFlag(TpmSessionAttributes.Encrypt))
        {
            Crypt(FirstParameter(reply.Parameters), authValue, _nonceTpm, _nonceCaller, isEncryption: false);
        }
    }

    /// <summary>cpHash: command code, names of the handles, parameters as they travel (part 1, 18.7).</summary>
    public static void HashCommand(TpmCode command, ReadOnlySpan<byte> names, ReadOnlySpan<byte> parameters, Span<byte> result)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(s_hash);
        AppendCode(hash, command);
        hash.AppendData(names);
        hash.AppendData(parameters);
        hash.GetHashAndReset(result);
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(_sessionKey);

    private static void AppendCode(IncrementalHash hash, TpmCode command)
    {
        Span<byte> code = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(code, (uint)command);
        hash.AppendData(code);
    }

    private void Prove(ReadOnlySpan<byte> parameterHash, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> newer, ReadOnlySpan<byte> older, TpmSessionAttributes attributes, Span<byte> result)
    {
        using SecretBytes key = KeyWith(authValue);
        using IncrementalHash hmac = IncrementalHash.CreateHMAC(s_hash, key.Span);
        hmac.AppendData(parameterHash);
        hmac.AppendData(newer);
        hmac.AppendData(older);
        hmac.AppendData([(byte)attributes]);
        hmac.GetHashAndReset(result);
    }

    private SecretBytes KeyWith(ReadOnlySpan<byte> authValue)
    {
        SecretBytes key = new(Size + authValue.Length);
        _sessionKey.CopyTo(key.Span);
        authValue.CopyTo(key.Span[Size..]);
        return key;
    }

    /// <summary>Cipher feedback with the whole block fed back (part 1, 21.3). The library wants whole blocks; what follows the last byte does not change those before it.</summary>
    private void Crypt(Span<byte> data, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> newer, ReadOnlySpan<byte> older, bool isEncryption)
    {
        using SecretBytes key = KeyWith(authValue);
        using SecretBytes derived = new(CipherKeySize + BlockSize);
        DeriveKey(key.Span, "CFB"u8, newer, older, derived.Span);
        using SecretBytes padded = new((data.Length + BlockSize - 1) / BlockSize * BlockSize);
        data.CopyTo(padded.Span);
        using SecretBytes result = new(padded.Length);
        using Aes aes = Aes.Create();
        aes.SetKey(derived.Span[..CipherKeySize]);
        ReadOnlySpan<byte> start = derived.Span[CipherKeySize..];
        _ = isEncryption
            ? aes.EncryptCfb(padded.Span, start, result.Span, PaddingMode.None, 8 * BlockSize)
            : aes.DecryptCfb(padded.Span, start, result.Span, PaddingMode.None, 8 * BlockSize);
        result.Span[..data.Length].CopyTo(data);
    }

    /// <summary>KDFa (part 1, 11.4.10.2), which is the counter mode of NIST SP 800-108 with the two nonces as the context.</summary>
    private static void DeriveKey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> u, ReadOnlySpan<byte> v, Span<byte> result) =>
        SP800108HmacCounterKdf.DeriveBytes(key, s_hash, label, (ReadOnlySpan<byte>)[.. u, .. v], result);

    private static Span<byte> FirstParameter(Span<byte> parameters)
    {
        SpanReader reader = new(parameters, TpmReply.Format);
        int size = reader.ReadUInt16BigEndian();
        reader.Skip(size);
        return parameters.Slice(2, size);
    }

    private static ReadOnlySpan<byte> ReadSized(ref SpanReader reader)
    {
        int size = reader.ReadUInt16BigEndian();
        return size == Size ? reader.ReadBytes(size) : throw reader.Malformed($"{size} bytes of a session's answer, not {Size}");
    }
}
