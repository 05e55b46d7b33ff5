using System.Diagnostics.CodeAnalysis;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.EventLogs;

/// <summary>
/// Values of some PCRs of some banks, as somebody wrote them down. A value keeps the size it was written with: a value of a wrong size is refused by
/// the readers unless they are told to keep it, because how it is wrong can say why it is.
/// </summary>
public sealed class PcrList
{
    private readonly SortedDictionary<TpmAlgorithm, SortedDictionary<int, byte[]>> _banks = [];

    /// <summary>The banks that have a value, in the order of their identifiers.</summary>
    public IReadOnlyCollection<TpmAlgorithm> Banks => _banks.Keys;

    /// <summary>Number of values.</summary>
    public int Count => _banks.Values.Sum(bank => bank.Count);

    /// <summary>A list of all values that a log leads to.</summary>
    public static PcrList From(PcrValues values)
    {
        PcrList list = new();
        foreach (TpmAlgorithm bank in values.Banks)
        {
            for (int index = 0; index < PcrValues.RegisterCount; index++)
            {
                list.TryAdd(bank, index, values[bank, index].Bytes);
            }
        }

        return list;
    }

    /// <summary>The PCRs of a bank that have a value, ascending.</summary>
    public IEnumerable<int> Indexes(TpmAlgorithm bank) => _banks.TryGetValue(bank, out SortedDictionary<int, byte[]>? values) ? values.Keys : [];

    /// <summary>A value of the bank's size. False: there is none, or it has another size.</summary>
    public bool TryGet(TpmAlgorithm bank, int index, out TpmDigest value)
    {
        value = default;
        if (!TryGetBytes(bank, index, out byte[]? bytes) || bytes.Length != bank.DigestSize())
        {
            return false;
        }

        value = new(bank, bytes);
        return true;
    }

    /// <summary>A value as it was written.</summary>
    internal bool TryGetBytes(TpmAlgorithm bank, int index, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        return _banks.TryGetValue(bank, out SortedDictionary<int, byte[]>? values) && values.TryGetValue(index, out bytes);
    }

    /// <summary>Adds a value. False: there is one.</summary>
    internal bool TryAdd(TpmAlgorithm bank, int index, ReadOnlySpan<byte> value)
    {
        if (!_banks.TryGetValue(bank, out SortedDictionary<int, byte[]>? values))
        {
            _banks.Add(bank, values = []);
        }

        return values.TryAdd(index, value.ToArray());
    }
}
