using System.CommandLine;
using Mantle.ImageBuilder.Signing.Identities;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder identity show</c>.</summary>
internal static class IdentityShowCommand
{
    private static readonly Argument<string> s_folder = new("DIR") { Description = "The identity's folder" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print it as JSON" };

    public static Command Create()
    {
        Command command = new(
            "show",
            """
            Print whose signatures an identity takes, and the PCR 7 of a machine that has it, for each certificate in db.

              imagebuilder identity show identity
            """)
        {
            s_folder, s_json,
        };
        command.SetAction(parsed =>
        {
            IdentityText.Write(parsed, SecureBootIdentity.Read(parsed.GetValue(s_folder)!), parsed.GetValue(s_json));
            return ExitCode.Success;
        });
        return command;
    }
}
