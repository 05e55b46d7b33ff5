using System.CommandLine;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder identity</c>: whose signatures a machine takes.</summary>
internal static class IdentityCommand
{
    public static Command Create() => new("identity", "Make, show or check a Secure Boot identity: a folder of public parts for version control.")
    {
        IdentityCreateCommand.Create(), IdentityShowCommand.Create(), IdentityCheckCommand.Create(),
    };
}
