using System.CommandLine;

namespace Mantle.Measure.Cli.Commands.KeyPolicy;

/// <summary><c>measure policy</c>: what a KMS key policy lets through.</summary>
internal static class PolicyCommand
{
    public static Command Create() => new(
        "policy",
        """
        Write, check and compare KMS key policies that release a key only to attested images. Works offline.

        Examples:
          measure policy generate policies/kms/sample.yaml > policy.json
          measure policy lint policy.json --plan policies/kms/sample.yaml
          measure policy diff live.json policy.json
        """)
    {
        GenerateCommand.Create(),
        LintCommand.Create(),
        SimulateCommand.Create(),
        ProveCommand.Create(),
        DiffCommand.Create(),
        PlanCommand.Create(),
    };
}
