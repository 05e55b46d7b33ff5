namespace Mantle.Formats.Tpm;

/// <summary>One register that holds two values.</summary>
/// <param name="Bank">The bank.</param>
/// <param name="Register">The register, 0 to 23.</param>
/// <param name="Value">The value that was looked at.</param>
/// <param name="Other">The value that it was compared with.</param>
public readonly record struct PcrDifference(TpmAlgorithm Bank, int Register, TpmDigest Value, TpmDigest Other)
{
    /// <summary>For example <c>PCR 4 sha256: ab… is not cd…</c>.</summary>
    public override string ToString() => $"PCR {Register} {Bank.Name()}: {Value} is not {Other}";
}
