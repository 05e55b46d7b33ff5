namespace Mantle.Unseal;

/// <summary>What is being done, or what failed: the only thing that anybody outside gets to know (docs/unsealing.md). It holds no data.</summary>
internal enum Stage : byte
{
    /// <summary>The appliance's configuration.</summary>
    Configuration = 0x10,

    /// <summary>Attestation by the TPM.</summary>
    Tpm = 0x40,

    /// <summary>The TPM stayed busy, or another program has its device open.</summary>
    TpmBusy = 0x41,

    /// <summary>The TPM refused a command.</summary>
    TpmCommand = 0x42,

    /// <summary>The TPM's answer has not the form that it must have.</summary>
    TpmAnswer = 0x43,

    /// <summary>The instance's credentials.</summary>
    Metadata = 0x50,

    /// <summary>The metadata service does not answer.</summary>
    MetadataUnreachable = 0x51,

    /// <summary>The instance has no role, or one that gives no credentials.</summary>
    MetadataRole = 0x52,

    /// <summary>Decryption by KMS.</summary>
    Kms = 0x60,

    /// <summary>Nobody who proves to be KMS answers.</summary>
    KmsUnreachable = 0x61,

    /// <summary>KMS refuses.</summary>
    KmsDenied = 0x62,

    /// <summary>KMS has too much to do.</summary>
    KmsThrottled = 0x63,

    /// <summary>KMS failed.</summary>
    KmsFailed = 0x64,

    /// <summary>KMS's answer is not one.</summary>
    KmsAnswer = 0x65,

    /// <summary>This machine's clock is too wrong for KMS or for TLS.</summary>
    Clock = 0x66,

    /// <summary>Opening what KMS sent.</summary>
    Unsealing = 0x70,

    /// <summary>The message to the recipient is malformed or for another key.</summary>
    RecipientMessage = 0x71,

    /// <summary>The sealed blob is malformed, damaged, or sealed for another appliance, name or version.</summary>
    SealedBlob = 0x72,

    /// <summary>The key is not as long as its use demands.</summary>
    KeySize = 0x73,
}
