using System.Buffers.Binary;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Tpm;

/// <summary>
/// The NV index through which requests and documents go: 8 KiB, which is what AWS's client takes, with a secret of its own, gone afterwards. Its number is always the
/// same: in a machine that runs nothing else, one that is there was left behind by an earlier process of this program.
/// </summary>
internal sealed class NitroIndex : IDisposable
{
    /// <summary>In the range for the owner (TCG Registry of Reserved TPM 2.0 Handles, 2.2.2).</summary>
    public const uint Handle = 0x01804d54;

    /// <summary>Bytes.</summary>
    public const int Size = 8192;

    private const int Chunk = 1024; // TPM_PT_NV_BUFFER_MAX is at least this on every TPM that the clients of others were tried with
    private const uint AuthWrite = 1 << 2, AuthRead = 1 << 18, NoDictionaryAttack = 1 << 25, Written = 1 << 29;
    private const uint Attributes = AuthRead | AuthWrite | NoDictionaryAttack;
    private const int Sha256 = 0x000b, Sha512 = 0x000d;

    private readonly TpmConnection _tpm;
    private readonly TpmSession _session;
    private readonly SecretBytes _secret;
    private readonly bool _isEncrypted;
    private byte[] _name;

    private NitroIndex(TpmConnection tpm, TpmSession session)
    {
        _tpm = tpm;
        _session = session;
        _isEncrypted = session is HmacSession;

        // A secret is at most as long as a digest of the name's algorithm, and zeros at its end do not count (part 1, 19.6.4.3).
        _secret = new(_isEncrypted ? 64 : 32);
        RandomNumberGenerator.Fill(_secret.Span);
        _secret.Span[^1] |= 1;
        _name = ComputeName(Attributes);
    }

    /// <summary>The handle, as it is written into commands.</summary>
    private static ReadOnlySpan<byte> HandleBytes => [0x01, 0x80, 0x4d, 0x54];

    private static ReadOnlySpan<byte> OwnerBytes => [0x40, 0x00, 0x00, 0x01];

    /// <summary>The secret of the index.</summary>
    public ReadOnlySpan<byte> Secret => _secret.Span;

    /// <summary>The index's name, twice, as the vendor command's two handles have it.</summary>
    public byte[] NamesOfRequest => [.. _name, .. _name];

    /// <summary>Defines the index, after one that was left behind is gone.</summary>
    public static NitroIndex Define(TpmConnection tpm, TpmSession session)
    {
        NitroIndex index = new(tpm, session);
        try
        {
            index.Define();
        }
        catch (TpmRefusedException e) when (e.Code == TpmResponseCode.NvDefined)
        {
            Undefine(tpm, session);
            index.Define();
        }

        return index;
    }

    /// <summary>Removes the index. The owner does that; the owner's secret is empty.</summary>
    public static void Undefine(TpmConnection tpm, TpmSession session)
    {
        byte[] name = session is HmacSession ? ReadName(tpm) : [];
        tpm.Send(TpmCode.NvUndefineSpace, [.. OwnerBytes, .. HandleBytes], [.. OwnerBytes, .. name], [], session, [], TpmSessionAttributes.Continue);
    }

    /// <summary>Writes from the start on.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        for (int offset = 0; offset < data.Length; offset += Chunk)
        {
            using TpmBuffer parameters = new();
            parameters.Sized(data[offset..Math.Min(offset + Chunk, data.Length)]).UInt16(offset);
            _tpm.Send(
                TpmCode.NvWrite, [.. HandleBytes, .. HandleBytes], [.. _name, .. _name], parameters.Written, _session, Secret,
                TpmSessionAttributes.Continue | (_isEncrypted ? TpmSessionAttributes.Decrypt : 0));
            _name = ComputeName(Attributes | Written);
        }
    }

    /// <summary>AWS's command: the request in the index becomes the answer.</summary>
    /// <param name="session">The session for this command, which AWS's client starts apart.</param>
    public void Request(TpmSession session) =>
        _tpm.Send(TpmCode.NsmRequest, [.. HandleBytes, .. HandleBytes], NamesOfRequest, [], session, Secret, TpmSessionAttributes.Continue);

    /// <summary>Reads all of it.</summary>
    public byte[] Read()
    {
        byte[] data = new byte[Size];
        for (int offset = 0; offset < Size; offset += Chunk)
        {
            using TpmBuffer parameters = new();
            parameters.UInt16(Chunk).UInt16(offset);
            TpmReply reply = _tpm.Send(
                TpmCode.NvRead, [.. HandleBytes, .. HandleBytes], [.. _name, .. _name], parameters.Written, _session, Secret,
                TpmSessionAttributes.Continue | (_isEncrypted ? TpmSessionAttributes.Encrypt : 0));
            SpanReader reader = new(reply.Parameters, TpmReply.Format);
            if (reader.ReadUInt16BigEndian() != Chunk || reader.Remaining != Chunk)
            {
                throw reader.Malformed("another number of bytes than was asked for");
            }

            reader.ReadBytes(Chunk).CopyTo(data.AsSpan(offset));
        }

        return data;
    }

    /// <inheritdoc/>
    public void Dispose() => _secret.Dispose();

    private void Define()
    {
        using TpmBuffer description = new();
        Describe(description, _isEncrypted, Attributes);
        using TpmBuffer parameters = new();
        parameters.Sized(Secret).Sized(description.Written);
        _tpm.Send(
            TpmCode.NvDefineSpace, OwnerBytes, OwnerBytes, parameters.Written, _session, [], TpmSessionAttributes.Continue | (_isEncrypted ? TpmSessionAttributes.Decrypt : 0));
    }

    private static void Describe(TpmBuffer description, bool isEncrypted, uint attributes) =>
        description.UInt32(Handle).UInt16(isEncrypted ? Sha512 : Sha256).UInt32(attributes).UInt16(0).UInt16(Size);

    /// <summary>Name algorithm and digest of TPMS_NV_PUBLIC (part 1, 16).</summary>
    private byte[] ComputeName(uint attributes)
    {
        using TpmBuffer description = new();
        Describe(description, _isEncrypted, attributes);
        return NameOf(description.Written);
    }

    /// <summary>The name of an index that somebody else defined: what the TPM says it is, which its digest has to confirm.</summary>
    private static byte[] ReadName(TpmConnection tpm)
    {
        SpanReader reader = new(tpm.Send(TpmCode.NvReadPublic, HandleBytes).Parameters, TpmReply.Format);
        ReadOnlySpan<byte> description = reader.ReadBytes(reader.ReadUInt16BigEndian());
        ReadOnlySpan<byte> name = reader.ReadBytes(reader.ReadUInt16BigEndian());
        return description.Length >= 14 && BinaryPrimitives.ReadUInt32BigEndian(description) == Handle && NameOf(description) is { } computed && name.SequenceEqual(computed)
            ? computed
            : throw reader.Malformed("the name of an index is not the digest of what it is");
    }

    private static byte[] NameOf(ReadOnlySpan<byte> description)
    {
        ushort algorithm = BinaryPrimitives.ReadUInt16BigEndian(description[4..]);
        return algorithm switch
        {
            Sha256 => [0, Sha256, .. SHA256.HashData(description)],
            Sha512 => [0, Sha512, .. SHA512.HashData(description)],
            0x000c => [0, 0x0c, .. SHA384.HashData(description)],
            _ => throw new MalformedInputException(TpmReply.Format, 0, $"name algorithm 0x{algorithm:x}"),
        };
    }
}
