using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>
/// A salted, unbound HMAC session and its mathematics (TPM 2.0 part 1, 11.4.10.2 KDFa, 19.6 session key and HMAC, 21 parameter encryption). Written for the emulator
/// alone, so that it checks the appliance's.
/// </summary>
internal sealed class VirtualSession
{
    private readonly byte[] _sessionKey;
    private readonly bool _hasCipher;

    public VirtualSession(HashAlgorithmName hash, bool hasCipher, byte[] salt, byte[] nonceCaller)
    {
        Hash = hash;
        _hasCipher = hasCipher;
        NonceTpm = RandomNumberGenerator.GetBytes(nonceCaller.Length);
        _sessionKey = DeriveKey(hash, salt, "ATH", NonceTpm, nonceCaller, 8 * CryptographicOperations.HashData(hash, []).Length);
    }

    /// <summary>The shadow of a session of swtpm's: without salt and bound to nothing, it has no key, so whoever saw it start can answer for it.</summary>
    public VirtualSession(HashAlgorithmName hash, bool hasCipher, byte[] nonceTpm)
    {
        Hash = hash;
        _hasCipher = hasCipher;
        NonceTpm = nonceTpm;
        _sessionKey = [];
        IsShadow = true;
    }

    public HashAlgorithmName Hash { get; }

    /// <summary>swtpm has the session as well, and has to be told of its end.</summary>
    public bool IsShadow { get; }

    /// <summary>The TPM's newest nonce.</summary>
    public byte[] NonceTpm { get; private set; }

    /// <summary>After the command the TPM has a new nonce.</summary>
    public void Roll() => NonceTpm = RandomNumberGenerator.GetBytes(NonceTpm.Length);

    /// <summary>HMAC of a command or a response.</summary>
    public byte[] Prove(byte[] authValue, byte[] parameterHash, byte[] newer, byte[] older, byte[] otherNonces, byte attributes) =>
        CryptographicOperations.HmacData(Hash, [.. _sessionKey, .. authValue], [.. parameterHash, .. newer, .. older, .. otherNonces, attributes]);

    /// <summary>Encrypts or decrypts a first parameter with AES-128 in cipher feedback mode.</summary>
    public void Crypt(Span<byte> data, byte[] authValue, byte[] newer, byte[] older, bool isEncryption)
    {
        if (!_hasCipher)
        {
            throw new NitroRefusedException(NitroCode.OfSession(NitroCode.Attributes, 1));
        }

        byte[] material = DeriveKey(Hash, [.. _sessionKey, .. authValue], "CFB", newer, older, 256);
        using Aes aes = Aes.Create();
        aes.Key = material[..16];
        byte[] feedback = material[16..];
        for (int start = 0; start < data.Length; start += 16)
        {
            Span<byte> block = data[start..Math.Min(start + 16, data.Length)];
            byte[] stream = aes.EncryptEcb(feedback, PaddingMode.None);
            byte[] before = block.ToArray();
            for (int i = 0; i < block.Length; i++)
            {
                block[i] ^= stream[i];
            }

            feedback = new byte[16];
            (isEncryption ? block : before).CopyTo(feedback);
        }
    }

    private static byte[] DeriveKey(HashAlgorithmName hash, byte[] key, string label, byte[] u, byte[] v, int bits)
    {
        List<byte> derived = [];
        for (uint counter = 1; 8 * derived.Count < bits; counter++)
        {
            byte[] number = new byte[4], length = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(number, counter);
            BinaryPrimitives.WriteInt32BigEndian(length, bits);
            derived.AddRange(CryptographicOperations.HmacData(hash, key, (byte[])[.. number, .. Encoding.ASCII.GetBytes(label), 0, .. u, .. v, .. length]));
        }

        return [.. derived[..(bits / 8)]];
    }
}
