using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Security;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>
/// The endorsement key to which clients salt their sessions: an RSA key of the emulator's own, since a session that swtpm holds could not authorise an index that it
/// does not have. Whatever RSA-2048 template the client sends, its public area comes back with this modulus.
/// </summary>
internal sealed class VirtualEndorsementKey : IDisposable
{
    public const uint TransientHandle = 0x80ffff01;

    private const int ModulusSize = 256;
    private readonly RSA _key = RSA.Create(8 * ModulusSize);

    /// <summary>TPMT_PUBLIC; null until TPM2_CreatePrimary.</summary>
    public byte[]? Public { get; private set; }

    public bool IsLoaded { get; set; }

    /// <summary>Where it was made persistent.</summary>
    public HashSet<uint> Persistent { get; } = [];

    public bool Has(uint handle) => (handle == TransientHandle && IsLoaded) || Persistent.Contains(handle);

    public byte[] Name() => new TpmWriter().UInt16(0x000b).Raw(SHA256.HashData(Public!)).ToArray();

    /// <summary>The template is the one of an RSA-2048 storage key with SHA-256 names: TPMT_PUBLIC with a unique field that is replaced.</summary>
    public bool TryCreate(ReadOnlySpan<byte> template)
    {
        SpanReader reader = new(template, "template");
        if (reader.ReadUInt16BigEndian() != 0x0001 || reader.ReadUInt16BigEndian() != 0x000b)
        {
            return false;
        }

        reader.Skip(4);
        reader.Skip(reader.ReadUInt16BigEndian());
        if (reader.ReadUInt16BigEndian() != 0x0006)
        {
            return false;
        }

        reader.Skip(4);
        if (reader.ReadUInt16BigEndian() != 0x0010 || reader.ReadUInt16BigEndian() != 8 * ModulusSize)
        {
            return false;
        }

        reader.Skip(4);
        Public = [.. template[..reader.Position], .. new TpmWriter().Sized(_key.ExportParameters(false).Modulus).ToArray()];
        IsLoaded = true;
        return true;
    }

    /// <summary>The secret of TPM2_StartAuthSession: RSAES-OAEP with SHA-256 and the label "SECRET" with its NUL (part 1, B.10.2).</summary>
    public byte[] Decrypt(byte[] secret)
    {
        try
        {
            OaepEncoding oaep = new(new RsaBlindedEngine(), new Sha256Digest(), new Sha256Digest(), "SECRET\0"u8.ToArray());
            oaep.Init(false, DotNetUtilities.GetRsaKeyPair(_key.ExportParameters(true)).Private);
            return oaep.ProcessBlock(secret, 0, secret.Length);
        }
        catch (Exception e) when (e is InvalidCipherTextException or CryptoException)
        {
            throw new NitroRefusedException(NitroCode.OfParameter(NitroCode.Value, 2));
        }
    }

    public void Dispose() => _key.Dispose();
}
