using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder lock why</c>: the shortest chain from the recipe to a package.</summary>
internal static class LockWhyCommand
{
    private static readonly Argument<string> s_package = new("PACKAGE") { Description = "The package" };
    private static readonly Option<string> s_lock = new("--lock") { Description = "The lock", DefaultValueFactory = _ => "appliance/appliance.lock.json", HelpName = "FILE" };

    /// <summary>Makes the command.</summary>
    public static Command Create(Option<bool> jsonOption)
    {
        Command command = new(
            "why",
            """
            Print the shortest chain of dependencies from the recipe to a package.

              imagebuilder lock why zlib1g
            """) { s_package, s_lock };
        command.SetAction(parsed => Run(parsed, parsed.GetValue(jsonOption)));
        return command;
    }

    private static int Run(ParseResult parsed, bool asJson)
    {
        string name = parsed.GetValue(s_package)!;
        IReadOnlyList<(string Use, IReadOnlyList<string> Steps)> chains = LockFile.Read(parsed.GetValue(s_lock)!).Why(name);
        if (asJson)
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("package", name);
                json.WriteStartObject("why");
                foreach ((string use, IReadOnlyList<string> steps) in chains)
                {
                    json.WriteTexts(use, steps);
                }

                json.WriteEndObject();
            });
            return ExitCode.Success;
        }

        foreach ((string use, IReadOnlyList<string> steps) in chains)
        {
            foreach (string step in steps)
            {
                parsed.InvocationConfiguration.Output.WriteLine($"{use}: {step}");
            }
        }

        return ExitCode.Success;
    }
}
