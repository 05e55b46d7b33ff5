using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tcg;

/// <summary>
/// One record of an event log. Register, type and data are what whoever wrote the log says; only the digests can be checked, by replaying
/// the log against a TPM. So the data is called untrusted until <see cref="TryGetVerifiedData"/> finds that the digests are its own.
/// </summary>
public sealed class EventRecord
{
    private readonly TpmDigest[] _digests;

    internal EventRecord(int index, long offset, uint register, EventType type, TpmDigest[] digests, ReadOnlyMemory<byte> data)
    {
        Index = index;
        Offset = offset;
        Register = register;
        UntrustedType = type;
        _digests = digests;
        UntrustedData = data;
    }

    /// <summary>Position in the log; 0 is the Spec ID record of a crypto-agile log.</summary>
    public int Index { get; }

    /// <summary>Offset of the record in the log, in bytes.</summary>
    public long Offset { get; }

    /// <summary>The register that the event extended, 0 to 23; an EV_NO_ACTION may have 0xffffffff.</summary>
    public uint Register { get; }

    /// <summary>The event type. No digest covers it: one type's data can be passed off as another's.</summary>
    public EventType UntrustedType { get; }

    /// <summary>The digests, one a bank, in the log's order of banks.</summary>
    public IReadOnlyList<TpmDigest> Digests => _digests;

    /// <summary>The event data. Depending on the type it is what was hashed, or merely a description of it.</summary>
    public ReadOnlyMemory<byte> UntrustedData { get; }

    /// <summary>Whether the record extended its register: all do except EV_NO_ACTION.</summary>
    public bool IsExtended => UntrustedType != EventType.NoAction;

    /// <summary>The digest for one bank.</summary>
    /// <exception cref="KeyNotFoundException">The record has no digest for it.</exception>
    public TpmDigest Digest(TpmAlgorithm bank)
    {
        foreach (TpmDigest digest in _digests)
        {
            if (digest.Algorithm == bank)
            {
                return digest;
            }
        }

        throw new KeyNotFoundException($"event {Index} has no {bank.Name()} digest");
    }

    /// <summary>Whether the digests are those of the data, where the specification says how the data was hashed.</summary>
    public DigestCheck CheckDigest()
    {
        switch (DigestCoverage.Of(UntrustedType))
        {
            case DigestCoverage.Kind.Data:
                return IsDigestOf(UntrustedData.Span);
            case DigestCoverage.Kind.DataOrVariableContent:
                DigestCheck whole = IsDigestOf(UntrustedData.Span);
                return whole == DigestCheck.Mismatch && UefiVariableData.TryRead(UntrustedData, out UefiVariableData? variable)
                    ? IsDigestOf(variable.Content.Span)
                    : whole;
            default:
                return DigestCheck.NotCovered;
        }
    }

    /// <summary>
    /// The data, if every digest of the record is the digest of exactly these bytes. Together with a replay that gives the TPM's values this
    /// proves that the bytes were measured. False: nothing proves it.
    /// </summary>
    public bool TryGetVerifiedData(out ReadOnlyMemory<byte> data)
    {
        bool verified = IsExtended && IsDigestOf(UntrustedData.Span) == DigestCheck.Verified;
        data = verified ? UntrustedData : default;
        return verified;
    }

    /// <summary>Whether the record extended its register and every digest that can be computed is that of <paramref name="data"/>.</summary>
    public bool Measured(ReadOnlySpan<byte> data) => IsExtended && IsDigestOf(data) == DigestCheck.Verified;

    private DigestCheck IsDigestOf(ReadOnlySpan<byte> data)
    {
        bool any = false;
        foreach (TpmDigest digest in _digests)
        {
            if (!digest.Algorithm.IsComputable())
            {
                continue;
            }

            if (digest.Algorithm.HashData(data) != digest)
            {
                return DigestCheck.Mismatch;
            }

            any = true;
        }

        return any ? DigestCheck.Verified : DigestCheck.NotCovered;
    }
}
