using System.CommandLine;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Cli.Commands;

/// <summary>The option that chooses banks.</summary>
internal static class BankOption
{
    public static Option<string[]> Create(string description)
    {
        Option<string[]> option = new("--bank") { Description = description, HelpName = "BANK" };
        option.CompletionSources.Add([.. TpmHash.Computable.Select(bank => bank.Name())]);
        return option;
    }

    /// <summary>The chosen banks, or all that can be computed.</summary>
    public static IReadOnlyList<TpmAlgorithm> Parse(string[]? names) => names is null or [] ? TpmHash.Computable : [.. names.Select(Parse)];

    private static TpmAlgorithm Parse(string name) => TpmHash.TryParse(name, out TpmAlgorithm bank)
        ? bank
        : throw new UserErrorException($"bank \"{name}\" is none of {string.Join(", ", TpmHash.Computable.Select(b => b.Name()))}", exitCode: ExitCode.Usage);
}
