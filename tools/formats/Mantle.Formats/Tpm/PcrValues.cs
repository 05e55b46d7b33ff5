namespace Mantle.Formats.Tpm;

/// <summary>The values of all registers in some banks at one moment. Immutable.</summary>
public sealed class PcrValues
{
    /// <summary>Registers of a PC client TPM (PTP 4.6): 0 to 23.</summary>
    public const int RegisterCount = 24;

    private readonly SortedDictionary<TpmAlgorithm, TpmDigest[]> _banks = [];

    /// <summary>Values from 24 digests a bank.</summary>
    public PcrValues(IEnumerable<KeyValuePair<TpmAlgorithm, IReadOnlyList<TpmDigest>>> banks)
    {
        foreach ((TpmAlgorithm bank, IReadOnlyList<TpmDigest> registers) in banks)
        {
            if (registers.Count != RegisterCount || registers.Any(x => x.Algorithm != bank))
            {
                throw new ArgumentException($"bank {bank.Name()} needs {RegisterCount} of its own digests", nameof(banks));
            }

            _banks.Add(bank, [.. registers]);
        }
    }

    /// <summary>The banks, in the order of their identifiers.</summary>
    public IReadOnlyCollection<TpmAlgorithm> Banks => _banks.Keys;

    /// <summary>The value of one register.</summary>
    /// <exception cref="KeyNotFoundException">There is no such bank.</exception>
    public TpmDigest this[TpmAlgorithm bank, int register] => _banks[bank][register];

    /// <summary>
    /// The registers whose values differ from <paramref name="other"/>'s, in the banks that both have, ordered by bank and register.
    /// </summary>
    public IReadOnlyList<PcrDifference> DifferencesFrom(PcrValues other) =>
    [
        .. from bank in _banks.Keys
           where other._banks.ContainsKey(bank)
           from register in Enumerable.Range(0, RegisterCount)
           where this[bank, register] != other[bank, register]
           select new PcrDifference(bank, register, this[bank, register], other[bank, register]),
    ];
}
