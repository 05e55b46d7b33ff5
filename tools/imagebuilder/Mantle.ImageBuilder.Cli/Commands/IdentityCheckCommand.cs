using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Signing.Identities;
using Mantle.Measure.Checking;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder identity check</c>.</summary>
internal static class IdentityCheckCommand
{
    private static readonly Argument<string> s_folder = new("DIR") { Description = "The identity's folder" };
    private static readonly Option<string?> s_at = new("--at") { Description = "A time at which the certificates shall be valid [default: validity is not checked]", HelpName = "TIME" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create()
    {
        Command command = new(
            "check",
            """
            Check that everything in an identity's folder follows from its signature lists, and that the signed updates are signed.
            Exit code 0: it does. 2: it does not.

              imagebuilder identity check identity
              imagebuilder identity check identity --at 2027-01-31
            """)
        {
            s_folder, s_at, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string folder = parsed.GetValue(s_folder)!;
        CheckReport report = IdentityCheck.Check(folder, SigningOptions.Find(parsed, s_at));
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => CheckJson.Write(report, json));
        }
        else
        {
            CheckText.Write(report, folder, parsed.InvocationConfiguration.Output);
        }

        return report.ExitCode;
    }
}
