using Mantle.Formats.Bytes;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;

namespace Mantle.Unseal.Tpm;

/// <summary>
/// The key to which a session's salt is encrypted: the TPM's endorsement key, made from TCG's template L-1 (EK Credential Profile 2.5, B.3.3), and forgotten afterwards.
/// Nothing vouches for it here, as in AWS's client: the salt protects against somebody who listens between kernel and TPM, not against the hypervisor.
/// </summary>
internal sealed class EndorsementKey
{
    private const int ModulusSize = 256;
    private const int PolicySize = 32;

    // PolicySecret(TPM_RH_ENDORSEMENT).
    private static readonly byte[] s_policy = Convert.FromHexString("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");

    private readonly byte[] _modulus;

    private EndorsementKey(uint handle, byte[] modulus)
    {
        Handle = handle;
        _modulus = modulus;
    }

    /// <summary>The TPM's handle of it.</summary>
    public uint Handle { get; }

    /// <summary>TPM2_CreatePrimary (TPM 2.0 part 3, 24.1).</summary>
    public static EndorsementKey Create(TpmConnection tpm)
    {
        using TpmBuffer template = new();
        Describe(template).Sized(new byte[ModulusSize]);
        using TpmBuffer parameters = new();
        parameters.UInt16(4).UInt16(0).UInt16(0).Sized(template.Written).UInt16(0).UInt32(0);
        using TpmBuffer handle = new();
        handle.UInt32(TpmHandle.Endorsement);
        TpmReply reply = tpm.Send(
            TpmCode.CreatePrimary, handle.Written, handle.Written, parameters.Written, new PasswordSession(), [], TpmSessionAttributes.Continue, hasHandle: true);
        return new(reply.Handle, ReadModulus(reply.Parameters));
    }

    /// <summary>The modulus in the answer of TPM2_CreatePrimary: TPM2B_PUBLIC comes first, and is the template but for its last field.</summary>
    /// <exception cref="MalformedInputException">It is another kind of key.</exception>
    public static byte[] ReadModulus(ReadOnlySpan<byte> parameters)
    {
        SpanReader outer = new(parameters, TpmReply.Format);
        SpanReader reader = new(outer.ReadBytes(outer.ReadUInt16BigEndian()), TpmReply.Format, 2);
        using TpmBuffer template = new();
        Describe(template);
        if (!reader.ReadBytes(template.Written.Length).SequenceEqual(template.Written) || reader.ReadUInt16BigEndian() != ModulusSize)
        {
            throw reader.Malformed("another key than the template's");
        }

        byte[] modulus = reader.ReadBytes(ModulusSize).ToArray();
        return reader.Remaining == 0 && (modulus[0] & 0x80) != 0 && (modulus[^1] & 1) != 0 ? modulus : throw reader.Malformed("no modulus of 2048 bits");
    }

    /// <summary>RSAES-OAEP with SHA-256 and the label "SECRET" with its NUL (part 1, B.10.2). The framework's RSA takes no label.</summary>
    public byte[] Encrypt(ReadOnlySpan<byte> salt)
    {
        OaepEncoding oaep = new(new RsaBlindedEngine(), new Sha256Digest(), new Sha256Digest(), "SECRET\0"u8.ToArray());
        oaep.Init(true, new RsaKeyParameters(false, new BigInteger(1, _modulus), BigInteger.ValueOf(65537)));
        try
        {
            return oaep.ProcessBlock(salt.ToArray(), 0, salt.Length);
        }
        catch (CryptoException e)
        {
            throw new MalformedInputException(TpmReply.Format, 0, $"no RSA key: {e.Message}");
        }
    }

    private static TpmBuffer Describe(TpmBuffer template) =>
        template.UInt16(0x0001).UInt16(0x000b).UInt32(0x000300b2).UInt16(PolicySize).Raw(s_policy)
            .UInt16(0x0006).UInt16(128).UInt16(0x0043).UInt16(0x0010).UInt16(8 * ModulusSize).UInt32(0);
}
