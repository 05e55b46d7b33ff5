using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder lock diff</c>: the packages that two locks differ in.</summary>
internal static class LockDiffCommand
{
    private static readonly Argument<string> s_from = new("A") { Description = "The older lock" };
    private static readonly Argument<string> s_to = new("B") { Description = "The newer lock" };

    /// <summary>Makes the command.</summary>
    public static Command Create(Option<bool> jsonOption)
    {
        Command command = new(
            "diff",
            """
            Print the packages that were added (+), removed (-) or changed (~) from one lock to another.

              imagebuilder lock diff old.lock.json appliance/appliance.lock.json
            """) { s_from, s_to };
        command.SetAction(parsed => Run(parsed, parsed.GetValue(jsonOption)));
        return command;
    }

    private static int Run(ParseResult parsed, bool asJson)
    {
        LockDifference difference = LockDifference.Between(LockFile.Read(parsed.GetValue(s_from)!), LockFile.Read(parsed.GetValue(s_to)!));
        if (asJson)
        {
            JsonOutput.Write(parsed, json => LockOutput.WriteDifference(json, difference));
        }
        else
        {
            LockOutput.PrintDifference(parsed.InvocationConfiguration.Output, difference);
        }

        return ExitCode.Success;
    }
}
