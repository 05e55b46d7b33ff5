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

    private static readonly (string Name, Func<Command> Create)[] s_commands =
    [
        ("predict", PredictCommand.Create),
        ("audit", () => AuditCommand.Create(TimeProvider.System)),
        ("replay", ReplayCommand.Create),
        ("explain", ExplainCommand.Create),
        ("impact", ImpactCommand.Create),
        ("unbound", UnboundCommand.Create),
        ("attest", AttestCommand.Create),
        ("quote", QuoteCommand.Create),
        ("connect", () => ConnectCommand.Create(TimeProvider.System)),
        ("verify", () => VerifyCommand.Create(TimeProvider.System)),
        ("policy", PolicyCommand.Create),
        ("completion", () => CompletionCommand.Create("measure")),
    ];

    private static Task<int> Main(string[] arguments)
    {
        RootCommand root = new("Checks sealed appliance images and what is said of them: audits, predicts, replays, explains, verifies. Works offline, needs no account.");
        return new CommandLineApplication("measure", Version).RunAsync(root, s_commands, arguments);
    }
}
