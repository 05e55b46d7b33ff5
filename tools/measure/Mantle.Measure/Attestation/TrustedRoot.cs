using System.Security.Cryptography;

namespace Mantle.Measure.Attestation;

/// <summary>The certificate that a document's chain has to start with, known by the SHA-256 of its DER.</summary>
public sealed record TrustedRoot
{
    private const string AwsFingerprint = "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b";

    private TrustedRoot(string sha256, bool isAws)
    {
        Sha256 = sha256;
        IsAws = isAws;
    }

    /// <summary>
    /// AWS's root for Nitro Enclaves and NitroTPM in the commercial partition, G1 (CN=aws.nitro-enclaves), by the fingerprint that AWS publishes with "Verifying the root
    /// of trust". The certificate itself comes with each document.
    /// </summary>
    public static TrustedRoot Aws { get; } = new(AwsFingerprint, isAws: true);

    /// <summary>The fingerprint in lower-case hex.</summary>
    public string Sha256 { get; }

    /// <summary>Whether it is AWS's.</summary>
    public bool IsAws { get; }

    /// <summary>A root of the caller's choice. It is AWS's if its fingerprint is.</summary>
    public static TrustedRoot FromCertificate(ReadOnlySpan<byte> der)
    {
        string fingerprint = Convert.ToHexStringLower(SHA256.HashData(der));
        return fingerprint == AwsFingerprint ? Aws : new(fingerprint, isAws: false);
    }
}
