using System.CommandLine;
using Mantle.Cli;
using Mantle.Measure.Cli.Commands;
using Mantle.Measure.Cli.Commands.KeyPolicy;

RootCommand root = new("Checks sealed appliance images: predicts what a TPM measures when an image boots. Works offline, needs no account.")
{
    PredictCommand.Create(),
    PolicyCommand.Create(),
    CompletionCommand.Create("measure"),
};
return await new CommandLineApplication("measure", "0.1.0").RunAsync(root, args).ConfigureAwait(false);
