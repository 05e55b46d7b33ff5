namespace Mantle.Unseal.Tpm;

/// <summary>Command codes (TPM 2.0 part 2, table 12).</summary>
internal enum TpmCode : uint
{
    NvUndefineSpace = 0x122,
    NvDefineSpace = 0x12a,
    CreatePrimary = 0x131,
    NvWrite = 0x137,
    NvRead = 0x14e,
    FlushContext = 0x165,
    NvReadPublic = 0x169,
    StartAuthSession = 0x176,
    GetCapability = 0x17a,

    /// <summary>TPM2_VENDOR_AWS_NSM_REQUEST.</summary>
    NsmRequest = 0x20000001,
}

/// <summary>Handles that every TPM has (part 2, 7.4).</summary>
internal static class TpmHandle
{
    public const uint Owner = 0x40000001;
    public const uint Null = 0x40000007;
    public const uint Password = 0x40000009;
    public const uint Endorsement = 0x4000000b;
    public const uint FirstLoadedSession = 0x02000000;
    public const uint FirstSavedSession = 0x03000000;
    public const uint FirstTransient = 0x80000000;
}
