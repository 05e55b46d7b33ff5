using System.Security.Cryptography;

namespace Mantle.Measure.Prediction;

/// <summary>A bank of PCRs: the hash algorithm that extends them, with its TPM_ALG_ID as value.</summary>
public enum PcrBank : ushort
{
    /// <summary>TPM_ALG_SHA1.</summary>
    Sha1 = 0x0004,

    /// <summary>TPM_ALG_SHA256.</summary>
    Sha256 = 0x000b,

    /// <summary>TPM_ALG_SHA384; the only bank that an EC2 NitroTPM attestation document carries.</summary>
    Sha384 = 0x000c,

    /// <summary>TPM_ALG_SHA512.</summary>
    Sha512 = 0x000d,
}

/// <summary>Facts about banks.</summary>
public static class PcrBanks
{
    /// <summary>Every bank, in the order in which they are printed.</summary>
    public static IReadOnlyList<PcrBank> All { get; } = [PcrBank.Sha1, PcrBank.Sha256, PcrBank.Sha384, PcrBank.Sha512];

    /// <summary>The name as tools and documents write it: <c>sha256</c>.</summary>
    public static string Name(this PcrBank bank) => bank switch
    {
        PcrBank.Sha1 => "sha1",
        PcrBank.Sha256 => "sha256",
        PcrBank.Sha384 => "sha384",
        PcrBank.Sha512 => "sha512",
        _ => throw new ArgumentOutOfRangeException(nameof(bank)),
    };

    /// <summary>Bytes of a digest.</summary>
    public static int DigestSize(this PcrBank bank) => bank switch
    {
        PcrBank.Sha1 => 20,
        PcrBank.Sha256 => 32,
        PcrBank.Sha384 => 48,
        PcrBank.Sha512 => 64,
        _ => throw new ArgumentOutOfRangeException(nameof(bank)),
    };

    /// <summary>The algorithm for System.Security.Cryptography.</summary>
    public static HashAlgorithmName Algorithm(this PcrBank bank) => bank switch
    {
        PcrBank.Sha1 => HashAlgorithmName.SHA1, // the TPM has the bank and logs fill it; nothing trusts it
        PcrBank.Sha256 => HashAlgorithmName.SHA256,
        PcrBank.Sha384 => HashAlgorithmName.SHA384,
        PcrBank.Sha512 => HashAlgorithmName.SHA512,
        _ => throw new ArgumentOutOfRangeException(nameof(bank)),
    };

    /// <summary>The bank of a name. False: no bank has that name.</summary>
    public static bool TryParse(string name, out PcrBank bank)
    {
        foreach (PcrBank candidate in All)
        {
            if (candidate.Name() == name)
            {
                bank = candidate;
                return true;
            }
        }

        bank = default;
        return false;
    }
}
