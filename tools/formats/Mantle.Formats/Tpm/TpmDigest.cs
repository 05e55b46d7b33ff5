namespace Mantle.Formats.Tpm;

/// <summary>A digest that knows its algorithm (TPMT_HA). Equal when algorithm and bytes are.</summary>
public readonly struct TpmDigest : IEquatable<TpmDigest>
{
    private readonly byte[]? _bytes;

    /// <summary>A digest of copied bytes.</summary>
    /// <exception cref="ArgumentException">The algorithm is known and its digests have another size.</exception>
    public TpmDigest(TpmAlgorithm algorithm, ReadOnlySpan<byte> bytes)
    {
        if (algorithm.DigestSize() is not 0 and int size && size != bytes.Length)
        {
            throw new ArgumentException($"a {algorithm.Name()} digest has {size} bytes, not {bytes.Length}", nameof(bytes));
        }

        Algorithm = algorithm;
        _bytes = bytes.ToArray();
    }

    /// <summary>The algorithm, which is the bank.</summary>
    public TpmAlgorithm Algorithm { get; }

    /// <summary>The digest's bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Whether every byte is zero, as in EV_NO_ACTION events and registers nobody extended.</summary>
    public bool IsZero => !Bytes.ContainsAnyExcept((byte)0);

    /// <summary>What a register of a bank holds before the first extend.</summary>
    public static TpmDigest Zero(TpmAlgorithm algorithm) => new(algorithm, new byte[algorithm.DigestSize()]);

    /// <summary>A digest from its hexadecimal text.</summary>
    public static TpmDigest FromHex(TpmAlgorithm algorithm, string hex) => new(algorithm, Convert.FromHexString(hex));

    /// <summary>Same algorithm and same bytes.</summary>
    public static bool operator ==(TpmDigest left, TpmDigest right) => left.Equals(right);

    /// <summary>Another algorithm or other bytes.</summary>
    public static bool operator !=(TpmDigest left, TpmDigest right) => !left.Equals(right);

    /// <summary>The register that holds this, extended: H(this || digest) (TPM 2.0 part 1, 17.3).</summary>
    public TpmDigest Extend(TpmDigest digest)
    {
        byte[] register = Bytes.ToArray();
        Algorithm.Extend(register, digest.Bytes);
        return new(Algorithm, register);
    }

    /// <inheritdoc/>
    public bool Equals(TpmDigest other) => Algorithm == other.Algorithm && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TpmDigest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Algorithm);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>The bytes in lower-case hex.</summary>
    public override string ToString() => Convert.ToHexStringLower(Bytes);
}
