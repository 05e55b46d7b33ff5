namespace Mantle.Formats.Tpm;

/// <summary>Hash algorithm identifiers (TCG Algorithm Registry, table 3), as they name PCR banks.</summary>
public enum TpmAlgorithm : ushort
{
    /// <summary>TPM_ALG_SHA1, 20 bytes.</summary>
    Sha1 = 0x0004,

    /// <summary>TPM_ALG_SHA256, 32 bytes.</summary>
    Sha256 = 0x000b,

    /// <summary>TPM_ALG_SHA384, 48 bytes.</summary>
    Sha384 = 0x000c,

    /// <summary>TPM_ALG_SHA512, 64 bytes.</summary>
    Sha512 = 0x000d,

    /// <summary>TPM_ALG_SM3_256, 32 bytes. Logs may carry it; nothing here computes it.</summary>
    Sm3 = 0x0012,
}
