using System.Security.Cryptography;

namespace Mantle.Measure.Prediction;

/// <summary>A digest or a PCR value: bytes that are compared by content and printed in lower-case hex.</summary>
public readonly struct Digest : IEquatable<Digest>
{
    private readonly byte[]? _bytes;

    /// <summary>A digest with a copy of the bytes.</summary>
    public Digest(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>Equality by content.</summary>
    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    /// <summary>Inequality by content.</summary>
    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);

    /// <summary>What a PCR below 17 holds after a reset.</summary>
    public static Digest Zero(PcrBank bank) => new(new byte[bank.DigestSize()]);

    /// <summary>The value of a PCR after it has been extended: H(old || digest).</summary>
    public Digest Extend(PcrBank bank, Digest digest) => new(CryptographicOperations.HashData(bank.Algorithm(), [.. Span, .. digest.Span]));

    /// <inheritdoc/>
    public bool Equals(Digest other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>Lower-case hex.</summary>
    public override string ToString() => Convert.ToHexStringLower(Span);
}
