namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>The commands that <see cref="NitroTpm"/> answers itself (TPM 2.0 part 2, table 12), and AWS's own.</summary>
public enum NitroCommand : uint
{
    EvictControl = 0x120,
    NvUndefineSpace = 0x122,
    NvDefineSpace = 0x12a,
    CreatePrimary = 0x131,
    NvWrite = 0x137,
    NvRead = 0x14e,
    ContextLoad = 0x161,
    ContextSave = 0x162,
    FlushContext = 0x165,
    NvReadPublic = 0x169,
    ReadPublic = 0x173,
    StartAuthSession = 0x176,
    GetCapability = 0x17a,

    /// <summary>TPM2_VENDOR_AWS_NSM_REQUEST: the request in an NV index is replaced by the response.</summary>
    NsmRequest = 0x20000001,
}
