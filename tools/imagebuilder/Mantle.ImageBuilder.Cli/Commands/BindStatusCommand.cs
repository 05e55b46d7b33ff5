using System.CommandLine;
using Mantle.ImageBuilder.Binding;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder bind status</c>: what of a live key is not as its plan says.</summary>
internal static class BindStatusCommand
{
    public static Command Create()
    {
        Command command = new(
            "status",
            """
            Hold the live key against its plan: policy, grants, state, kind, origin, replicas, alias, rotation. Changes nothing.

            Exit code 0: all as planned; 2: something has drifted; 5: KMS failed or refused; 7: something could not be read.

              imagebuilder bind status policies/kms/sample.yaml
              imagebuilder bind status policies/kms/sample.yaml --json
            """)
        {
            BindOptions.Plan, BindOptions.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using Binder binder = Binder.Connect(BindOptions.Request(parsed), new ConsoleDialogue(agrees: false));
        return BindOptions.Finish(parsed, await binder.StatusAsync(cancellation).ConfigureAwait(false));
    }
}
