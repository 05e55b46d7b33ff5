namespace Mantle.Formats.Efi;

/// <summary>Attributes of a variable (UEFI 2.10, 8.2.1).</summary>
[Flags]
public enum EfiVariableAttributes
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>EFI_VARIABLE_NON_VOLATILE.</summary>
    NonVolatile = 0x01,

    /// <summary>EFI_VARIABLE_BOOTSERVICE_ACCESS.</summary>
    BootServiceAccess = 0x02,

    /// <summary>EFI_VARIABLE_RUNTIME_ACCESS.</summary>
    RuntimeAccess = 0x04,

    /// <summary>EFI_VARIABLE_TIME_BASED_AUTHENTICATED_WRITE_ACCESS.</summary>
    TimeBasedAuthenticatedWriteAccess = 0x20,

    /// <summary>What PK, KEK, db and dbx have.</summary>
    SecureBootVariable = NonVolatile | BootServiceAccess | RuntimeAccess | TimeBasedAuthenticatedWriteAccess,
}

/// <summary>A UEFI variable.</summary>
/// <param name="Vendor">Its vendor GUID.</param>
/// <param name="Name">Its name.</param>
/// <param name="Attributes">Its attributes.</param>
/// <param name="Content">Its content, without attributes and without an authentication header.</param>
public sealed record EfiVariable(Guid Vendor, string Name, EfiVariableAttributes Attributes, ReadOnlyMemory<byte> Content)
{
    /// <summary>EFI_TIME of the last authenticated write, 16 bytes; empty where the form that it was read from has none.</summary>
    public ReadOnlyMemory<byte> Timestamp { get; init; }

    /// <summary>Digest of the certificate that may write the variable, as EC2 keeps it; empty where there is none.</summary>
    public ReadOnlyMemory<byte> CertificateDigest { get; init; }

    /// <summary>Whether name and vendor are those given.</summary>
    public bool Is(Guid vendor, string name) => Vendor == vendor && Name == name;
}
