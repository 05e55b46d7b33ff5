namespace Mantle.Formats.Tpm;

/// <summary>
/// The registers of a TPM in software: what TPM2_Startup sets and what extends change (PC Client PTP, 4.6.2). Replaying somebody's
/// extends into it says what the registers must hold. Not thread-safe.
/// </summary>
public sealed class PcrState
{
    private readonly SortedDictionary<TpmAlgorithm, byte[][]> _banks = [];

    /// <summary>Registers as TPM2_Startup(CLEAR) leaves them: zeros, and ones in the dynamic-launch registers 17 to 22.</summary>
    public PcrState(IEnumerable<TpmAlgorithm> banks)
    {
        foreach (TpmAlgorithm bank in banks)
        {
            if (!bank.IsComputable())
            {
                throw new NotSupportedException($"no hash function for {bank.Name()}");
            }

            byte[][] registers = new byte[PcrValues.RegisterCount][];
            for (int i = 0; i < registers.Length; i++)
            {
                registers[i] = new byte[bank.DigestSize()];
                registers[i].AsSpan().Fill(i is >= 17 and <= 22 ? (byte)0xff : (byte)0);
            }

            _banks.Add(bank, registers);
        }
    }

    /// <summary>The banks, in the order of their identifiers.</summary>
    public IReadOnlyCollection<TpmAlgorithm> Banks => _banks.Keys;

    /// <summary>Says from which locality TPM2_Startup came: PCR 0 then starts with that number in its last byte.</summary>
    public void StartAtLocality(byte locality)
    {
        foreach (byte[][] registers in _banks.Values)
        {
            registers[0].AsSpan().Clear();
            registers[0][^1] = locality;
        }
    }

    /// <summary>Sets a register to zeros in all banks, as TPM2_PCR_Reset does.</summary>
    public void Reset(int register)
    {
        foreach (byte[][] registers in _banks.Values)
        {
            registers[register].AsSpan().Clear();
        }
    }

    /// <summary>Extends a register by a digest in the digest's own bank; a bank that is not kept here is passed over.</summary>
    public void Extend(int register, TpmDigest digest)
    {
        if (_banks.TryGetValue(digest.Algorithm, out byte[][]? registers))
        {
            digest.Algorithm.Extend(registers[register], digest.Bytes);
        }
    }

    /// <summary>A copy of the registers as they are now.</summary>
    public PcrValues ToValues() =>
        new(_banks.Select(bank => KeyValuePair.Create<TpmAlgorithm, IReadOnlyList<TpmDigest>>(
            bank.Key, [.. bank.Value.Select(register => new TpmDigest(bank.Key, register))])));
}
