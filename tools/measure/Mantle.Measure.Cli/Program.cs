using System.CommandLine;
using Mantle.Cli;
using Mantle.Measure.Cli.Commands;
using Mantle.Measure.Cli.Commands.KeyPolicy;

namespace Mantle.Measure.Cli;

/// <summary>The executable <c>measure</c>.</summary>
internal static class Program
{
    /// <summary>The version of the tool.</summary>
    public const string Version = "0.1.0";

    private static async Task<int> Main(string[] args)
    {
        RootCommand root = new("Checks sealed appliance images and what is said of them: audits, predicts, replays, explains, verifies. Works offline, needs no account.")
        {
            PredictCommand.Create(),
            AuditCommand.Create(TimeProvider.System),
            ReplayCommand.Create(),
            ExplainCommand.Create(),
            ImpactCommand.Create(),
            UnboundCommand.Create(),
            AttestCommand.Create(),
            QuoteCommand.Create(),
            VerifyCommand.Create(TimeProvider.System),
            PolicyCommand.Create(),
            CompletionCommand.Create("measure"),
        };
        return await new CommandLineApplication("measure", Version).RunAsync(root, args).ConfigureAwait(false);
    }
}
