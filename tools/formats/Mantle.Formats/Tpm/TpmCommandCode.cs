namespace Mantle.Formats.Tpm;

/// <summary>The commands that somebody who watches measurements must know (TPM 2.0 part 2, table 12).</summary>
public enum TpmCommandCode : uint
{
    /// <summary>TPM2_PCR_Event.</summary>
    PcrEvent = 0x13c,

    /// <summary>TPM2_PCR_Reset.</summary>
    PcrReset = 0x13d,

    /// <summary>TPM2_Startup.</summary>
    Startup = 0x144,

    /// <summary>TPM2_Shutdown.</summary>
    Shutdown = 0x145,

    /// <summary>TPM2_GetCapability.</summary>
    GetCapability = 0x17a,

    /// <summary>TPM2_GetRandom.</summary>
    GetRandom = 0x17b,

    /// <summary>TPM2_PCR_Read.</summary>
    PcrRead = 0x17e,

    /// <summary>TPM2_PCR_Extend.</summary>
    PcrExtend = 0x182,

    /// <summary>TPM2_EventSequenceComplete.</summary>
    EventSequenceComplete = 0x185,
}
