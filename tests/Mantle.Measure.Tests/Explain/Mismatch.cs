using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;
using Mantle.Measure.Explain;

namespace Mantle.Measure.Tests.Explain;

/// <summary>A generated mismatch with its true cause.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Cause">The true causes' names, sorted and joined by <c>+</c>; empty where no cause can be known.</param>
/// <param name="Says">A part of the sentence that tells the cause apart from others of its name.</param>
/// <param name="Expected">What should have booted.</param>
/// <param name="Actual">What the machine says.</param>
internal sealed record Mismatch(string Name, string Cause, string Says, ExpectedBoot Expected, ActualValues Actual)
{
    public IReadOnlyList<ExpectedBoot> Known { get; init; } = [];

    public IReadOnlyList<string> Words { get; init; } = [];
}

/// <summary>Registers that a test fills by hand, without the code under test.</summary>
internal sealed class Registers
{
    private readonly SortedDictionary<int, List<Func<TpmAlgorithm, byte[]>>> _extends = [];

    /// <summary>The events of a prediction, as digests.</summary>
    public static Registers Of(ExpectedBoot boot)
    {
        Registers registers = new();
        foreach (Mantle.Measure.Prediction.PredictedPcr pcr in boot.Prediction.Pcrs)
        {
            registers._extends[pcr.Index] = [.. pcr.Events.Select(e => (Func<TpmAlgorithm, byte[]>)(bank => e.Digests[bank].Bytes.ToArray()))];
        }

        return registers;
    }

    /// <summary>The extend of data.</summary>
    public static Func<TpmAlgorithm, byte[]> Data(byte[] data) => bank => bank.HashData(data).Bytes.ToArray();

    public static Func<TpmAlgorithm, byte[]> Text(string text) => Data(System.Text.Encoding.ASCII.GetBytes(text));

    /// <summary>UTF-16 with NUL.</summary>
    public static Func<TpmAlgorithm, byte[]> Wide(string text) => Data(System.Text.Encoding.Unicode.GetBytes(text + "\0"));

    public Registers Change(int pcr, Func<List<Func<TpmAlgorithm, byte[]>>, IEnumerable<Func<TpmAlgorithm, byte[]>>> change)
    {
        _extends[pcr] = [.. change(_extends[pcr])];
        return this;
    }

    public byte[] Value(TpmAlgorithm bank, int pcr)
    {
        byte[] register = new byte[bank.DigestSize()];
        foreach (Func<TpmAlgorithm, byte[]> extend in _extends[pcr])
        {
            register = bank.HashData([.. register, .. extend(bank)]).Bytes.ToArray();
        }

        return register;
    }

    /// <summary>The values as a list, each changed by <paramref name="write"/> if that is given.</summary>
    public ActualValues Values(IReadOnlyList<TpmAlgorithm> banks, Func<TpmAlgorithm, int, byte[], byte[]>? write = null, params int[] pcrs)
    {
        PcrList list = new();
        foreach (TpmAlgorithm bank in banks)
        {
            foreach (int pcr in pcrs.Length == 0 ? _extends.Keys : (IEnumerable<int>)pcrs)
            {
                byte[] value = Value(bank, pcr);
                list.TryAdd(bank, pcr, write is null ? value : write(bank, pcr, value));
            }
        }

        return new("the machine", list);
    }
}
