using System.CommandLine;
using System.Globalization;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;

namespace Mantle.Measure.Cli.Commands;

/// <summary>The options that say what registers have to hold.</summary>
internal sealed class ReferenceOptions
{
    public Option<string?> Against { get; } = new("--against")
    {
        Description = "Expected PCRs: a measurements.json, a release folder that holds one, or the output of nitro-tpm-pcr-compute",
        HelpName = "FILE|FOLDER",
    };

    public Option<string[]> Pcr { get; } = new("--pcr")
    {
        Description = "An expected PCR; 0 stands for all zeros; repeatable. Must not contradict --against",
        HelpName = "N=HEX|N=0",
    };

    /// <summary>The expectations of a bank.</summary>
    public IReadOnlyList<ExpectedPcr> Read(ParseResult parsed, TpmAlgorithm bank) => Read(parsed, bank, parsed.GetValue(Against));

    /// <summary>The same with a file that was found by what <see cref="Against"/> says.</summary>
    public IReadOnlyList<ExpectedPcr> Read(ParseResult parsed, TpmAlgorithm bank, string? against)
    {
        List<ExpectedPcr> expected = [];
        if (against is { } path)
        {
            expected.AddRange(ReferenceValues.Load(path).Where(pcr => pcr.Value.Algorithm == bank));
            if (expected.Count == 0)
            {
                throw new UserErrorException($"\"{path}\" has no values of bank {bank.Name()}", $"predict them with \"measure predict --bank {bank.Name()}\"");
            }
        }

        foreach (string text in parsed.GetValue(Pcr) ?? [])
        {
            ExpectedPcr pcr = Parse(text, bank);
            if (expected.Find(known => known.Index == pcr.Index) is { } known)
            {
                if (known.Value != pcr.Value)
                {
                    throw new UserErrorException($"--pcr {text} contradicts {known.Origin}, which has {known.Value}", "leave one of them out", ExitCode.Usage);
                }

                expected.Remove(known);
            }

            expected.Add(pcr);
        }

        return expected;
    }

    private static ExpectedPcr Parse(string text, TpmAlgorithm bank)
    {
        string[] parts = text.Split('=');
        if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index > 31)
        {
            throw new UserErrorException($"--pcr \"{text}\" is not NUMBER=HEX", "for example 12=0, which means zeros only", ExitCode.Usage);
        }

        byte[] value = parts[1] == "0" ? new byte[bank.DigestSize()] : Inputs.Hex("--pcr", parts[1]);
        return value.Length == bank.DigestSize()
            ? new(index, new(bank, value), "--pcr", IsBound: true)
            : throw new UserErrorException($"--pcr {index}: {value.Length} bytes, a value of {bank.Name()} has {bank.DigestSize()}", exitCode: ExitCode.Usage);
    }
}
