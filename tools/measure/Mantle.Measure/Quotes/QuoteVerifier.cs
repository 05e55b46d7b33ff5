using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Quotes;

/// <summary>
/// Verifies a TPM's quote (TPM 2.0 part 3, 18.4): signature, type, nonce, what it selects, its digest over claimed values, and those values against expected ones.
/// </summary>
public static class QuoteVerifier
{
    private const TpmObjectAttributes SigningKey =
        TpmObjectAttributes.FixedTpm | TpmObjectAttributes.FixedParent | TpmObjectAttributes.SensitiveDataOrigin | TpmObjectAttributes.Restricted | TpmObjectAttributes.Sign;

    private const int SmallestRsaKey = 2048;
    private const int SmallestEccKey = 256;

    /// <summary>Checks a quote.</summary>
    /// <param name="quote">The structure as it was read.</param>
    /// <param name="signature">TPMT_SIGNATURE, or a bare signature.</param>
    /// <param name="key">The key that has to have signed it.</param>
    /// <param name="policy">What to hold it against.</param>
    public static QuoteResult Verify(TpmAttestation quote, ReadOnlyMemory<byte> signature, AttestationKey key, QuotePolicy policy)
    {
        CheckReport report = new();
        report.Check("magic", true, $"TPM_GENERATED (0x{TpmAttestation.Generated:x8}): a restricted key signs this only for its own TPM");
        bool isQuote = report.Check("type", quote.Type == TpmAttestation.QuoteType, $"type 0x{quote.Type:x4}, a quote is 0x{TpmAttestation.QuoteType:x4}");
        CheckKey(report, key, policy);
        TpmAlgorithm hash = CheckSignature(report, quote, signature, key, policy);
        CheckNonce(report, quote, policy);
        report.Skipped(
            "clock",
            $"{quote.Clock} ms, reset {quote.ResetCount}, restart {quote.RestartCount}, {(quote.IsClockSafe ? "safe" : "not safe")}; firmware 0x{quote.FirmwareVersion:x16}: the TPM's word, compared with nothing");
        SelectedPcrs? pcrs = isQuote ? CheckDigest(report, quote, hash, policy) : null;
        CheckRegisters(report, quote, pcrs, policy);
        return new(report, quote, pcrs);
    }

    private static void CheckKey(CheckReport report, AttestationKey key, QuotePolicy policy)
    {
        int least = key.Key is RSA ? SmallestRsaKey : SmallestEccKey;
        report.Check("key.size", key.Key.KeySize >= least, $"{key.Form}; at least {least} bits are asked for");
        if (key.PublicArea is { } area)
        {
            TpmObjectAttributes missing = SigningKey & ~area.Attributes;
            string? problem =
                missing != 0 ? $"the key is not {missing}: it could sign a quote that no TPM made"
                : area.Attributes.HasFlag(TpmObjectAttributes.Decrypt) ? "the key decrypts as well"
                : null;
            report.Check("key.attributes", problem, $"a restricted signing key that never leaves its TPM; name {Convert.ToHexStringLower(area.ComputeName())}");
        }
        else
        {
            report.Skipped("key.attributes", $"{key.Form}: it does not say whether the key is restricted to what its TPM made");
        }

        if (policy.KeyVouchedBy is { } voucher)
        {
            report.Check("key.origin", true, voucher);
        }
        else
        {
            report.Skipped("key.origin", "the key was given: that it belongs to the machine in question is yours to know");
        }
    }

    private static TpmAlgorithm CheckSignature(CheckReport report, TpmAttestation quote, ReadOnlyMemory<byte> signature, AttestationKey key, QuotePolicy policy)
    {
        try
        {
            (bool holds, string scheme, TpmAlgorithm hash) = key.Verify(quote.Bytes, signature, policy.BareHash);
            report.Check("signature", holds, $"{scheme}, {(holds ? "" : "NOT ")}by the key ({key.Form})");
            report.Check("signature.hash", hash != TpmAlgorithm.Sha1, hash == TpmAlgorithm.Sha1 ? "sha1 proves nothing any more" : hash.Name());
            return hash;
        }
        catch (MalformedInputException e)
        {
            report.Check("signature", false, e.Message);
            return policy.BareHash;
        }
    }

    private static void CheckNonce(CheckReport report, TpmAttestation quote, QuotePolicy policy)
    {
        string seen = quote.ExtraData.Length == 0 ? "the quote has none" : $"the quote has {Convert.ToHexStringLower(quote.ExtraData.Span)}";
        if (policy.Nonce is { } nonce)
        {
            bool holds = CryptographicOperations.FixedTimeEquals(quote.ExtraData.Span, nonce.Span);
            report.Check("nonce", holds, holds ? $"equal, {Convert.ToHexStringLower(nonce.Span)}" : $"{seen}, asked for is {Convert.ToHexStringLower(nonce.Span)}");
        }
        else
        {
            report.Missing("nonce", $"{seen}, none was asked for: the quote may be a replay");
        }
    }

    private static SelectedPcrs? CheckDigest(CheckReport report, TpmAttestation quote, TpmAlgorithm hash, QuotePolicy policy)
    {
        string selections = string.Join('+', quote.Selections);
        report.Check("selection", quote.Selections.Any(selection => selection.Registers != 0), quote.Selections.Count == 0 ? "the quote selects no register" : selections);
        if (policy.ClaimedPcrs is null)
        {
            report.Missing("pcr.digest", $"no values of {selections} to compute the digest of");
            return null;
        }

        SelectedPcrs pcrs;
        try
        {
            pcrs = policy.ClaimedPcrs(quote.Selections);
        }
        catch (MalformedInputException e)
        {
            report.Check("pcr.digest", false, $"{policy.ClaimOrigin}: {e.Message}");
            return null;
        }

        TpmDigest computed = pcrs.ComputeDigest(hash);
        bool holds = computed.Bytes.SequenceEqual(quote.PcrDigest.Span);
        report.Check(
            "pcr.digest",
            holds,
            holds ? $"{policy.ClaimOrigin} lead to the quoted digest {computed}" : $"{policy.ClaimOrigin} lead to {computed}, quoted is {Convert.ToHexStringLower(quote.PcrDigest.Span)}");
        return holds ? pcrs : null;
    }

    private static void CheckRegisters(CheckReport report, TpmAttestation quote, SelectedPcrs? pcrs, QuotePolicy policy)
    {
        IReadOnlyList<int> needed = ExpectedPcr.Needed(AttestationKind.NitroTpm);
        if (pcrs is null)
        {
            foreach (int index in needed)
            {
                report.Missing($"pcr-{index}", "its value is not known");
            }

            return;
        }

        // The strongest bank that has most of what a verdict needs.
        TpmAlgorithm bank = quote.Selections.Select(selection => selection.Bank).Where(candidate => candidate.IsComputable()).Distinct()
            .OrderByDescending(candidate => needed.Count(pcrs.OfBank(candidate).ContainsKey)).ThenByDescending(candidate => candidate.DigestSize())
            .FirstOrDefault(TpmAlgorithm.Sha384);
        PcrChecks.CheckMeasured(report, AttestationKind.NitroTpm, pcrs.OfBank(bank));
        PcrChecks.Compare(report, AttestationKind.NitroTpm, bank, pcrs.OfBank(bank), policy.ExpectedPcrs(bank));
    }
}
