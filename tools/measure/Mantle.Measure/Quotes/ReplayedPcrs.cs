using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Quotes;

/// <summary>The values that an event log leads to, as a quote's claim.</summary>
public static class ReplayedPcrs
{
    /// <summary>Replays the log in the banks that a quote selects.</summary>
    /// <exception cref="MalformedInputException">It is no log, or lacks a bank.</exception>
    public static SelectedPcrs Select(ByteSource log, IReadOnlyList<PcrSelection> selections) => Select(EventLog.Read(log).Replay(), selections);

    /// <summary>Picks the selected values.</summary>
    /// <exception cref="MalformedInputException">There is no such bank or register.</exception>
    public static SelectedPcrs Select(PcrValues values, IReadOnlyList<PcrSelection> selections)
    {
        List<TpmDigest> digests = [];
        foreach (PcrSelection selection in selections.Where(selection => selection.Registers != 0))
        {
            if (!values.Banks.Contains(selection.Bank) || selection.Registers >> PcrValues.RegisterCount != 0)
            {
                throw new MalformedInputException("event log", 0, $"no values of {selection}");
            }

            digests.AddRange(selection.Indexes.Select(index => values[selection.Bank, index]));
        }

        return new(selections, digests);
    }
}
