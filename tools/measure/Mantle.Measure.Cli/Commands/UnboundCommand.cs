using System.CommandLine;
using Mantle.Cli;
using Mantle.Measure.Unbound;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure unbound</c>: what somebody with the account's powers could change without a bound PCR showing it.</summary>
internal static class UnboundCommand
{
    private static readonly string[] s_states = ["on", "off"];

    private static readonly Argument<string?> s_image = new("IMAGE")
    {
        Description = "A disk image: the changes are really made to its bytes, in memory, and predicted again; or a UKI to look into",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string> s_bound = new("--bound")
    {
        Description = "The PCRs that the policy binds [default: 4,7,12,13]",
        HelpName = "N,…",
        DefaultValueFactory = _ => string.Join(',', UnboundFinder.DefaultBound),
    };

    private static readonly Option<string> s_secureBoot = new("--secure-boot")
    {
        Description = "on: PCR 7 binds a machine with Secure Boot on and keys of your own; off: it does not",
        HelpName = "on|off",
        DefaultValueFactory = _ => "on",
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create()
    {
        s_secureBoot.CompletionSources.Add(s_states);
        Command command = new(
            "unbound",
            """
            List the changes that somebody with the account's powers could make (ESP, UefiData, SMBIOS, boot order, disks, metadata) and that
            would move none of the PCRs that a policy binds, and say which of them change what runs.

            Exit code 0: none changes what runs; 2: one does, or the image contradicts the table; 7: an image was given and cannot
            tell whether its system acts on a change.

            Examples:
              measure unbound
              measure unbound --bound 4,7,12,13 out/image.raw
              measure unbound --bound 4,7,12,13 --secure-boot off --json
            """)
        {
            s_image, s_bound, s_secureBoot, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string state = parsed.GetValue(s_secureBoot)!;
        if (!s_states.Contains(state))
        {
            throw new UserErrorException($"state of Secure Boot \"{state}\" is none of {string.Join(", ", s_states)}", "see \"measure unbound --help\"", ExitCode.Usage);
        }

        string? image = parsed.GetValue(s_image);
        UnboundReport report = UnboundFinder.Find(
            PcrSet.Parse(parsed.GetValue(s_bound)!), state == "on", image is null ? null : InputSource.Open(image, "a disk image or a UKI"));
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => UnboundText.WriteMembers(json, report));
        }
        else
        {
            UnboundText.Write(report, parsed.InvocationConfiguration.Output);
        }

        return report.Holes.Any() || report.Contradictions.Count > 0 ? ExitCode.Mismatch
            : image is not null && report.Open.Any() ? ExitCode.Unverified
            : ExitCode.Success;
    }
}
