using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>An NV index of at most 8 KiB, which libtpms cannot have: its limit is 2 KiB.</summary>
internal sealed class VirtualIndex
{
    public const int MaximumSize = 8192;

    /// <summary>TPM_PT_NV_BUFFER_MAX of swtpm: most bytes of one read or write.</summary>
    public const int MaximumBuffer = 1024;

    private const uint OwnerWrite = 1 << 1, AuthWrite = 1 << 2, OwnerRead = 1 << 17, AuthRead = 1 << 18, NoDictionaryAttack = 1 << 25, Written = 1 << 29;

    private readonly ushort _nameAlgorithm;
    private uint _attributes;

    private VirtualIndex(uint handle, ushort nameAlgorithm, uint attributes, byte[] authValue, int size)
    {
        Handle = handle;
        _nameAlgorithm = nameAlgorithm;
        _attributes = attributes;
        AuthValue = authValue;
        Data = new byte[size];
        Data.AsSpan().Fill(0xff);
    }

    public uint Handle { get; }

    public byte[] AuthValue { get; }

    public byte[] Data { get; }

    public bool IsWritten => (_attributes & Written) != 0;

    /// <summary>The code for a wrong secret: an index that takes part in the lock-out says something else than one that does not.</summary>
    public uint WrongSecret => (_attributes & NoDictionaryAttack) != 0 ? NitroCode.BadAuthorization : NitroCode.AuthorizationFail;

    /// <summary>What TPM2_NV_DefineSpace was told: TPM2B_AUTH, TPM2B_NV_PUBLIC. Null: an index of a kind that the real TPM had better make.</summary>
    public static VirtualIndex? Define(byte[] parameters)
    {
        SpanReader reader = new(parameters, "nv");
        byte[] auth = reader.ReadBytes(reader.ReadUInt16BigEndian()).ToArray();
        reader.ReadUInt16BigEndian();
        uint handle = reader.ReadUInt32BigEndian();
        ushort algorithm = reader.ReadUInt16BigEndian();
        uint attributes = reader.ReadUInt32BigEndian();
        bool hasPolicy = reader.ReadUInt16BigEndian() != 0;
        const uint Known = OwnerWrite | AuthWrite | OwnerRead | AuthRead | NoDictionaryAttack;
        if (hasPolicy || (attributes & ~Known) != 0)
        {
            return null;
        }

        int size = reader.ReadUInt16BigEndian();
        return (handle >> 24, algorithm, size, reader.Remaining) switch
        {
            (not 0x01, _, _, _) => throw new NitroRefusedException(NitroCode.OfParameter(NitroCode.Value, 2)),
            (_, not (0x000b or 0x000c or 0x000d), _, _) => throw new NitroRefusedException(NitroCode.OfParameter(0x083, 2)),
            (_, _, > MaximumSize, _) => throw new NitroRefusedException(NitroCode.OfParameter(NitroCode.Size, 2)),
            (_, _, _, not 0) => throw new NitroRefusedException(NitroCode.CommandSize),
            _ => new(handle, algorithm, attributes, TrimZeros(auth), size),
        };
    }

    /// <summary>An authorisation value has no zeros at its end (part 1, 19.6.4.3).</summary>
    public static byte[] TrimZeros(byte[] value) => value[..(value.AsSpan().LastIndexOfAnyExcept((byte)0) + 1)];

    /// <summary>TPMS_NV_PUBLIC.</summary>
    public byte[] Public() =>
        new TpmWriter().UInt32(Handle).UInt16(_nameAlgorithm).UInt32(_attributes).UInt16(0).UInt16(Data.Length).ToArray();

    public byte[] Name()
    {
        HashAlgorithmName hash = _nameAlgorithm switch { 0x000b => HashAlgorithmName.SHA256, 0x000c => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        return new TpmWriter().UInt16(_nameAlgorithm).Raw(CryptographicOperations.HashData(hash, Public())).ToArray();
    }

    public void Write(byte[] data, int offset, bool isOwner)
    {
        Require(isOwner ? OwnerWrite : AuthWrite);
        if (data.Length > MaximumBuffer)
        {
            throw new NitroRefusedException(NitroCode.OfParameter(NitroCode.Size, 1));
        }

        if (offset + data.Length > Data.Length)
        {
            throw new NitroRefusedException(NitroCode.NvRange);
        }

        data.CopyTo(Data, offset);
        _attributes |= Written;
    }

    public byte[] Read(int size, int offset, bool isOwner)
    {
        Require(isOwner ? OwnerRead : AuthRead);
        return !IsWritten ? throw new NitroRefusedException(NitroCode.NvUninitialized)
            : size > MaximumBuffer ? throw new NitroRefusedException(NitroCode.OfParameter(NitroCode.Value, 1))
            : offset + size > Data.Length ? throw new NitroRefusedException(NitroCode.NvRange)
            : Data[offset..(offset + size)];
    }

    private void Require(uint attribute)
    {
        if ((_attributes & attribute) == 0)
        {
            throw new NitroRefusedException(NitroCode.NvAuthorization);
        }
    }
}
