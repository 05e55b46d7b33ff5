namespace Mantle.Formats.Efi;

/// <summary>Vendor and signature type GUIDs (UEFI 2.10, 3.3 and 32.4.1).</summary>
public static class EfiGuids
{
    /// <summary>EFI_GLOBAL_VARIABLE: SecureBoot, PK, KEK, BootOrder.</summary>
    public static Guid GlobalVariable { get; } = new("8be4df61-93ca-11d2-aa0d-00e098032b8c");

    /// <summary>EFI_IMAGE_SECURITY_DATABASE_GUID: db, dbx, dbt.</summary>
    public static Guid ImageSecurityDatabase { get; } = new("d719b2cb-3d3a-4596-a3bc-dad00e67656f");

    /// <summary>EDK2's vendor GUID of SecureBootEnable (MdeModulePkg Include/Guid/AuthenticatedVariableFormat.h): one byte; 0 switches Secure Boot off though there are keys.</summary>
    public static Guid SecureBootEnableDisable { get; } = new("f0a30bc7-af08-4556-99c4-001009c93a44");

    /// <summary>EFI_CERT_X509_GUID: an entry is a DER certificate.</summary>
    public static Guid X509 { get; } = new("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");

    /// <summary>EFI_CERT_SHA1_GUID: an entry is an Authenticode digest of 20 bytes.</summary>
    public static Guid Sha1 { get; } = new("826ca512-cf10-4ac9-b187-be01496631bd");

    /// <summary>EFI_CERT_SHA256_GUID: an entry is an Authenticode digest of 32 bytes.</summary>
    public static Guid Sha256 { get; } = new("c1c41626-504c-4092-aca9-41f936934328");

    /// <summary>EFI_CERT_SHA384_GUID: an entry is an Authenticode digest of 48 bytes.</summary>
    public static Guid Sha384 { get; } = new("ff3e5307-9fd0-48c9-85f1-8ad56c701e01");

    /// <summary>EFI_CERT_SHA512_GUID: an entry is an Authenticode digest of 64 bytes.</summary>
    public static Guid Sha512 { get; } = new("093e0fae-a6c4-4f50-9f1b-d41e2b89c19a");

    /// <summary>EFI_CERT_X509_SHA256_GUID: SHA-256 of a certificate's signed part, then the EFI_TIME of its revocation.</summary>
    public static Guid X509Sha256 { get; } = new("3bd2a492-96c0-4079-b420-fcf98ef103ed");

    /// <summary>EFI_CERT_X509_SHA384_GUID: as <see cref="X509Sha256"/>.</summary>
    public static Guid X509Sha384 { get; } = new("7076876e-80c2-4ee6-aad2-28b349a6865b");

    /// <summary>EFI_CERT_X509_SHA512_GUID: as <see cref="X509Sha256"/>.</summary>
    public static Guid X509Sha512 { get; } = new("446dbf63-2502-4cda-bcfa-2465d2b0fe9d");

    /// <summary>EFI_CERT_TYPE_PKCS7_GUID: what signs an update of an authenticated variable.</summary>
    public static Guid Pkcs7 { get; } = new("4aafd29d-68df-49ee-8aa9-347d375665a7");

    /// <summary>A signature type's short name, for example <c>x509</c>; an unknown one is its GUID.</summary>
    public static string NameOfType(Guid type) =>
        type == X509 ? "x509"
        : type == Sha1 ? "sha1"
        : type == Sha256 ? "sha256"
        : type == Sha384 ? "sha384"
        : type == Sha512 ? "sha512"
        : type == X509Sha256 ? "x509-sha256"
        : type == X509Sha384 ? "x509-sha384"
        : type == X509Sha512 ? "x509-sha512"
        : type.ToString();

    /// <summary>Bytes of an entry's data, or 0 where the type does not fix it.</summary>
    internal static int DataSize(Guid type) =>
        type == Sha1 ? 20
        : type == Sha256 ? 32
        : type == Sha384 ? 48
        : type == Sha512 ? 64
        : type == X509Sha256 ? 32 + 16
        : type == X509Sha384 ? 48 + 16
        : type == X509Sha512 ? 64 + 16
        : 0;
}
