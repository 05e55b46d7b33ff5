using System.CommandLine;
using Mantle.ImageBuilder.Publishing.Lifecycle;
using Mantle.Measure;
using Mantle.Measure.Checking;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>What the commands that look at all AMIs have in common.</summary>
internal static class AmiOptions
{
    public static Option<string[]> Regions() => new("--region") { Description = "Regions to look at, with commas between", HelpName = "REGION", Required = true };

    public static Option<string?> Plan() => new("--plan") { Description = "The binding plan of the key, for its generations", HelpName = "FILE" };

    public static Option<string?> Policy() => new("--policy") { Description = "The release policy, which has the ledger's key", HelpName = "FILE" };

    public static Task<AmiInventory> ReadAsync(ParseResult parsed, Option<string[]> regions, ReleaseLedger? ledger, BindingPlan? plan, CancellationToken cancellation)
    {
        string[] names = [.. VerifiedReleaseOptions.Split(parsed.GetValue(regions)).Select(VerifiedReleaseOptions.Region)];
        return names.Length == 0 ? throw new UserErrorException("--region names no region", exitCode: ExitCode.Usage) : AmiInventory.ReadAsync(names, ledger, plan, cancellation);
    }

    public static BindingPlan? ReadPlan(ParseResult parsed, Option<string?> plan) => parsed.GetValue(plan) is { } path ? PlanReader.ReadFile(path) : null;

    /// <summary>The ledger, held against its key where the policy names one.</summary>
    public static ReleaseLedger ReadLedger(string path, string? policy)
    {
        ReleaseLedger ledger = ReleaseLedger.Open(path);
        if (policy is not null && ReleasePolicyReader.Read(policy).Ledger is { } key && LedgerCheck.Check(ledger, key) is { Verdict: not Verdict.Holds } report)
        {
            throw new UserErrorException($"\"{path}\": {CheckText.Describe(report)}", "\"imagebuilder ledger check\" shows what is wrong", ExitCode.Mismatch);
        }

        return ledger;
    }
}
