using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Publishing;
using Mantle.Measure;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>How a command gets a release: verified, with no option that leaves it out.</summary>
internal static class VerifiedReleaseOptions
{
    public static Option<string> Policy() => new("--policy")
    {
        Description = "Who has to have signed the release", HelpName = "FILE", DefaultValueFactory = _ => "policies/release.yaml",
    };

    public static Option<string?> Ledger() => new("--ledger") { Description = "The ledger of releases", HelpName = "FILE" };

    public static PublishRelease Verify(string directory, string policy, string? ledger) => PublishRelease.Of(ReleaseVerification.Verify(directory, new()
    {
        Policy = ReleasePolicyReader.Read(policy),
        At = TimeProvider.System.GetUtcNow(),
        Ledger = ledger is null ? null : ReleaseLedger.Open(ledger),
        Workers = Environment.ProcessorCount,
        SpoolFolder = SpoolFolder.Find(),
    }).Require());

    /// <summary>Several values of an option, each alone or with commas between.</summary>
    public static string[] Split(string[]? values) => [.. (values ?? []).SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct()];

    public static string Region(string region) => region.Length is > 4 and < 32 && region.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-') ? region
        : throw new UserErrorException($"\"{region}\" is no region", "write for example us-east-1", ExitCode.Usage);

    public static string Grantee(string name) => name == "public" || (name.Length == 12 && name.All(char.IsAsciiDigit)) || name.StartsWith("arn:", StringComparison.Ordinal) ? name
        : throw new UserErrorException($"\"{name}\" is nobody to share with", "write a twelve-digit account, the ARN of an organization or unit, or public", ExitCode.Usage);
}
