using System.Security.Cryptography;

namespace Mantle.Formats.Tpm;

/// <summary>Values of some registers, in the order of a quote's selections. Immutable.</summary>
public sealed class SelectedPcrs
{
    private readonly IReadOnlyList<(int Register, TpmDigest Value)> _values;

    /// <summary>Values for selections.</summary>
    /// <exception cref="ArgumentException">There are not as many digests as selected registers, or one is of another bank.</exception>
    public SelectedPcrs(IReadOnlyList<PcrSelection> selections, IReadOnlyList<TpmDigest> digests)
    {
        (TpmAlgorithm Bank, int Register)[] places = [.. selections.SelectMany(selection => selection.Indexes.Select(index => (selection.Bank, index)))];
        if (places.Length != digests.Count || places.Where((place, i) => place.Bank != digests[i].Algorithm).Any())
        {
            throw new ArgumentException($"{digests.Count} digests are not those of {places.Length} registers", nameof(digests));
        }

        Selections = selections;
        _values = [.. places.Select((place, i) => (place.Register, digests[i]))];
    }

    /// <summary>The selections.</summary>
    public IReadOnlyList<PcrSelection> Selections { get; }

    /// <summary>The registers with their values, in order.</summary>
    public IReadOnlyList<(int Register, TpmDigest Value)> Values => _values;

    /// <summary>The values of a bank by register.</summary>
    public IReadOnlyDictionary<int, TpmDigest> OfBank(TpmAlgorithm bank)
    {
        SortedDictionary<int, TpmDigest> registers = [];
        foreach ((int register, TpmDigest value) in _values)
        {
            if (value.Algorithm == bank)
            {
                registers[register] = value;
            }
        }

        return registers;
    }

    /// <summary>The digest that a quote has over these values: the hash of all of them, one behind the other (TPM 2.0 part 3, 18.4.1).</summary>
    public TpmDigest ComputeDigest(TpmAlgorithm hash)
    {
        using IncrementalHash state = IncrementalHash.CreateHash(hash.AlgorithmName());
        foreach ((_, TpmDigest value) in _values)
        {
            state.AppendData(value.Bytes);
        }

        return new(hash, state.GetHashAndReset());
    }
}
