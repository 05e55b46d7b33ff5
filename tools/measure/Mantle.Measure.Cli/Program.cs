using System.CommandLine;
using Mantle.Cli;

namespace Mantle.Measure.Cli;

/// <summary>The executable <c>measure</c>.</summary>
internal static class Program
{
    /// <summary>The version of the tool.</summary>
    public const string Version = "0.1.0";

    private static async Task<int> Main(string[] args)
    {
        RootCommand root = new("Checks sealed appliance images: audits their bytes, and predicts what a TPM measures when one boots. Works offline, needs no account.")
        {
            Commands.PredictCommand.Create(),
            Commands.AuditCommand.Create(TimeProvider.System),
            CompletionCommand.Create("measure"),
        };
        return await new CommandLineApplication("measure", Version).RunAsync(root, args).ConfigureAwait(false);
    }
}
