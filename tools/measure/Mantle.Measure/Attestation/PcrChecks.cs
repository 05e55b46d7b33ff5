using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Attestation;

/// <summary>Compares registers with what they are expected to hold. What was not compared is never taken for right.</summary>
public static class PcrChecks
{
    private const int Sha384Length = 48;

    /// <summary>What PCR 7 holds on a machine without Secure Boot keys, whoever made its image; SHA-384.</summary>
    private const string Pcr7WithoutKeys = "98441c7f7625d10058c47683aec486ce311c633235eb555593a7ee791121e3578ae72d04ecef661f272d59058b77af35";

    /// <summary>Checks a document's registers.</summary>
    public static void Check(CheckReport report, AttestationDocument content, IReadOnlyList<ExpectedPcr> expected)
    {
        (int wrongIndex, ReadOnlyMemory<byte> wrong) = content.Pcrs.FirstOrDefault(register => register.Value.Length != Sha384Length);
        bool isSha384 = report.Check(
            "pcr.length",
            wrong.Length == 0 ? null : $"register {wrongIndex} has {wrong.Length} bytes, one of {content.Digest} has {Sha384Length}",
            $"{content.Pcrs.Count} registers of {content.Digest}");
        SortedDictionary<int, TpmDigest> actual = [];
        foreach ((int index, ReadOnlyMemory<byte> value) in content.Pcrs)
        {
            if (value.Length == Sha384Length)
            {
                actual[index] = new(TpmAlgorithm.Sha384, value.Span);
            }
        }

        if (isSha384)
        {
            CheckMeasured(report, content.Kind, actual);
        }

        Compare(report, content.Kind, TpmAlgorithm.Sha384, actual, expected);
    }

    /// <summary>Compares the registers of a bank; those that a verdict needs are missing where nothing is expected of them.</summary>
    public static void Compare(
        CheckReport report, AttestationKind kind, TpmAlgorithm bank, IReadOnlyDictionary<int, TpmDigest> actual, IReadOnlyList<ExpectedPcr> expected)
    {
        IReadOnlyList<int> needed = ExpectedPcr.Needed(kind);
        foreach (int index in needed.Concat(expected.Select(pcr => pcr.Index)).Distinct().Order())
        {
            string id = $"pcr-{index}";
            ExpectedPcr? expectation = expected.FirstOrDefault(pcr => pcr.Index == index && pcr.Value.Algorithm == bank);
            bool isThere = actual.TryGetValue(index, out TpmDigest value);
            string seen = isThere ? $"{bank.Name()} {value}" : $"there is no register {index}";
            if (expectation is null)
            {
                string reason = expected.Any(pcr => pcr.Index == index) ? $"the expected value is not of bank {bank.Name()}" : "nothing to compare it with";
                report.Missing(id, $"{seen}; {reason}");
            }
            else if (expectation.IsBound)
            {
                report.Check(
                    id,
                    isThere && value == expectation.Value ? null : $"{seen}, {expectation.Origin} has {expectation.Value}",
                    $"{seen}, as {expectation.Origin} has it{(value.ToString() == Pcr7WithoutKeys ? "; that of any machine without Secure Boot keys" : "")}");
            }
            else
            {
                string verdict = isThere && value == expectation.Value ? "as" : "other than";
                report.Skipped(id, $"{seen}, {verdict} {expectation.Origin} has it; not bound, for it may differ on a sound machine");
            }
        }
    }

    /// <summary>Zero means that nothing was measured, whatever was expected: a TPM that failed at boot, or an enclave in debug mode.</summary>
    public static void CheckMeasured(CheckReport report, AttestationKind kind, IReadOnlyDictionary<int, TpmDigest> actual)
    {
        int[] always = kind == AttestationKind.NitroTpm ? [4, 7] : [0, 1, 2];
        int[] zero = [.. always.Where(index => actual.TryGetValue(index, out TpmDigest value) && value.IsZero)];
        report.Check(
            "pcr.measured",
            zero.Length > 0 ? $"register {zero[0]} is zero: {(kind == AttestationKind.NitroTpm ? "the boot was not measured" : "the enclave runs in debug mode")}" : null,
            $"none of registers {string.Join(", ", always)} is zero");
    }
}
