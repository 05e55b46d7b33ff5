using System.Security.Cryptography;

namespace Mantle.Formats.Tpm;

/// <summary>What a bank's algorithm does: name, digest size, hash and extend (TPM 2.0 part 1, 17.2).</summary>
public static class TpmHash
{
    /// <summary>The four banks that can be computed here, in the order of their identifiers.</summary>
    public static IReadOnlyList<TpmAlgorithm> Computable { get; } =
        [TpmAlgorithm.Sha1, TpmAlgorithm.Sha256, TpmAlgorithm.Sha384, TpmAlgorithm.Sha512];

    /// <summary>Largest digest of any bank, in bytes.</summary>
    public const int MaximumDigestSize = 64;

    /// <summary>Digest size in bytes, or 0 for an algorithm that is not known here.</summary>
    public static int DigestSize(this TpmAlgorithm algorithm) => algorithm switch
    {
        TpmAlgorithm.Sha1 => 20,
        TpmAlgorithm.Sha256 or TpmAlgorithm.Sm3 => 32,
        TpmAlgorithm.Sha384 => 48,
        TpmAlgorithm.Sha512 => 64,
        _ => 0,
    };

    /// <summary>Whether <see cref="HashData"/> and <see cref="Extend"/> work for the algorithm.</summary>
    public static bool IsComputable(this TpmAlgorithm algorithm) =>
        algorithm is TpmAlgorithm.Sha1 or TpmAlgorithm.Sha256 or TpmAlgorithm.Sha384 or TpmAlgorithm.Sha512;

    /// <summary>The bank's usual name, for example <c>sha256</c>; an unknown one is its identifier in hex.</summary>
    public static string Name(this TpmAlgorithm algorithm) => algorithm switch
    {
        TpmAlgorithm.Sha1 => "sha1",
        TpmAlgorithm.Sha256 => "sha256",
        TpmAlgorithm.Sha384 => "sha384",
        TpmAlgorithm.Sha512 => "sha512",
        TpmAlgorithm.Sm3 => "sm3_256",
        _ => $"0x{(ushort)algorithm:x4}",
    };

    /// <summary>The algorithm's name in .NET. Only for a computable one.</summary>
    public static HashAlgorithmName AlgorithmName(this TpmAlgorithm algorithm) => algorithm switch
    {
        TpmAlgorithm.Sha1 => HashAlgorithmName.SHA1,
        TpmAlgorithm.Sha256 => HashAlgorithmName.SHA256,
        TpmAlgorithm.Sha384 => HashAlgorithmName.SHA384,
        TpmAlgorithm.Sha512 => HashAlgorithmName.SHA512,
        _ => throw new NotSupportedException($"no hash function for {algorithm.Name()}"),
    };

    /// <summary>The computable algorithm of that name (<c>sha256</c>). False: there is none.</summary>
    public static bool TryParse(string name, out TpmAlgorithm algorithm)
    {
        foreach (TpmAlgorithm candidate in Computable)
        {
            if (candidate.Name() == name)
            {
                algorithm = candidate;
                return true;
            }
        }

        algorithm = default;
        return false;
    }

    /// <summary>The digest of <paramref name="data"/>.</summary>
    public static TpmDigest HashData(this TpmAlgorithm algorithm, ReadOnlySpan<byte> data)
    {
        byte[] digest = new byte[algorithm.DigestSize()];
        Hash(algorithm, data, digest);
        return new(algorithm, digest);
    }

    /// <summary>Replaces the register's value by the hash of itself followed by <paramref name="digest"/>.</summary>
    public static void Extend(this TpmAlgorithm algorithm, Span<byte> register, ReadOnlySpan<byte> digest)
    {
        int size = algorithm.DigestSize();
        if (register.Length != size || digest.Length != size)
        {
            throw new ArgumentException($"{algorithm.Name()} extends {size} bytes by {size} bytes, not {register.Length} by {digest.Length}", nameof(digest));
        }

        Span<byte> both = stackalloc byte[2 * size];
        register.CopyTo(both);
        digest.CopyTo(both[size..]);
        Hash(algorithm, both, register);
    }

    private static void Hash(TpmAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        _ = algorithm switch
        {
#pragma warning disable CA5350 // the SHA-1 bank exists in every log and TPM; nothing here relies on it
            TpmAlgorithm.Sha1 => SHA1.HashData(data, destination),
#pragma warning restore CA5350
            TpmAlgorithm.Sha256 => SHA256.HashData(data, destination),
            TpmAlgorithm.Sha384 => SHA384.HashData(data, destination),
            TpmAlgorithm.Sha512 => SHA512.HashData(data, destination),
            _ => throw new NotSupportedException($"no hash function for {algorithm.Name()}"),
        };
    }
}
