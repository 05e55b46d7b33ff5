namespace Mantle.Formats.Tpm;

/// <summary>What a key may do (TPMA_OBJECT, TPM 2.0 part 2, 8.3).</summary>
[Flags]
public enum TpmObjectAttributes : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The key never leaves its TPM.</summary>
    FixedTpm = 1 << 1,

    /// <summary>Its public area came with a clear of the TPM.</summary>
    StClear = 1 << 2,

    /// <summary>The key never gets another parent.</summary>
    FixedParent = 1 << 4,

    /// <summary>The TPM made the secret part itself.</summary>
    SensitiveDataOrigin = 1 << 5,

    /// <summary>A user may authorise by a secret.</summary>
    UserWithAuth = 1 << 6,

    /// <summary>Only a policy authorises what an administrator may do.</summary>
    AdminWithPolicy = 1 << 7,

    /// <summary>No lock-out after wrong secrets.</summary>
    NoDictionaryAttack = 1 << 10,

    /// <summary>A duplicate of the key must be encrypted.</summary>
    EncryptedDuplication = 1 << 11,

    /// <summary>The key signs or decrypts only structures that the TPM knows: no data that looks as if a TPM had made it.</summary>
    Restricted = 1 << 16,

    /// <summary>The key decrypts.</summary>
    Decrypt = 1 << 17,

    /// <summary>The key signs.</summary>
    Sign = 1 << 18,
}
