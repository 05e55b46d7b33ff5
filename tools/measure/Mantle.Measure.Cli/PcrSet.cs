using Mantle.Formats.Tpm;

namespace Mantle.Measure.Cli;

/// <summary>A list of PCRs on the command line, such as <c>4,7,12,13</c>.</summary>
internal static class PcrSet
{
    /// <summary>The PCRs, ascending, none twice.</summary>
    public static int[] Parse(string text)
    {
        SortedSet<int> set = [];
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (part.Length > 2 || !part.All(char.IsAsciiDigit) || int.Parse(part) >= PcrValues.RegisterCount)
            {
                throw new UserErrorException($"\"{part}\" is no PCR from 0 to {PcrValues.RegisterCount - 1}", "write PCRs like 4,7,12,13", ExitCode.Usage);
            }

            set.Add(int.Parse(part));
        }

        return [.. set];
    }
}
