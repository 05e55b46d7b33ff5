using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;

namespace Mantle.Measure.Explain;

/// <summary>What a machine says of itself. Whatever carries PCR values, such as an attestation document, becomes one of these.</summary>
/// <param name="Origin">What it was read from, for people.</param>
/// <param name="Values">The values; of a log, those that it leads to.</param>
/// <param name="Log">The log, if there is one.</param>
public sealed record ActualValues(string Origin, PcrList Values, LogReplay? Log = null)
{
    /// <summary>Why the values may not be what a TPM holds, with what to do about it; null: that is not known to be so.</summary>
    public string? Reservation { get; init; } = Log is { Checks.Count: 0 }
        ? "the log was not compared with a TPM's values: whoever wrote it could have written anything (--pcrs)"
        : null;

    /// <summary>The values of a NitroTPM attestation document, whose signature nobody has checked here.</summary>
    /// <exception cref="UserErrorException">It is the document of an enclave, whose PCRs are other things.</exception>
    public static ActualValues FromDocument(string origin, AttestationDocument unverified)
    {
        if (unverified.Kind != AttestationKind.NitroTpm)
        {
            throw new UserErrorException($"\"{origin}\" is the attestation document of an enclave, whose PCRs are not those of a TPM", "give a document of a NitroTPM");
        }

        PcrList values = new();
        foreach ((int index, ReadOnlyMemory<byte> value) in unverified.Pcrs)
        {
            values.TryAdd(TpmAlgorithm.Sha384, index, value.Span);
        }

        return new(origin, values)
        {
            Reservation = "the document's signature was not checked: whoever wrote it could have written anything (measure attest verify)",
        };
    }

    /// <summary>The values that a log leads to.</summary>
    /// <exception cref="UserErrorException">It cannot be replayed.</exception>
    public static ActualValues FromLog(string origin, LogReplay replay) => replay.Values is { } values
        ? new(origin, PcrList.From(values), replay)
        : throw new UserErrorException($"\"{origin}\" cannot be replayed", "see what \"measure replay\" says about it");
}
