namespace Mantle.Formats.Cose;

/// <summary>Who issued an attestation document. The two differ in the name of the field that holds the registers, and in what the registers mean.</summary>
public enum AttestationKind
{
    /// <summary>The TPM of an EC2 instance: registers of the instance's boot, field <c>nitrotpm_pcrs</c>.</summary>
    NitroTpm,

    /// <summary>A Nitro Enclave: registers of the enclave image, field <c>pcrs</c>.</summary>
    NitroEnclave,
}
