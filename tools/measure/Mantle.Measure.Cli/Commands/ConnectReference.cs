using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;

namespace Mantle.Measure.Cli.Commands;

/// <summary>The options that say what an appliance has to be: registers, or a release that is verified first.</summary>
internal sealed class ConnectReference
{
    private const string On = "on";
    private const string Off = "off";

    public ConnectReference() => SecureBoot.AcceptOnlyFromAmong(On, Off);

    public ReferenceOptions Values { get; } = new();

    public Option<string?> SecureBoot { get; } = new("--secure-boot")
    {
        Description = "Whether the machine boots with Secure Boot, which decides PCR 7 of a release [default: on for a signed release]",
        HelpName = "on|off",
    };

    public Option<string?> Policy { get; } = new("--policy") { Description = "Verify the release directory against this policy first", HelpName = "FILE" };

    public Option<string?> Ledger { get; } = new("--ledger") { Description = "The ledger that the release has to be in, neither retired nor revoked", HelpName = "FILE" };

    /// <summary>The registers, and how the release was verified, or null if none was.</summary>
    public (IReadOnlyList<ExpectedPcr> Pcrs, CheckReport? Release) Read(ParseResult parsed, TimeProvider clock)
    {
        string? against = parsed.GetValue(Values.Against);
        string? policy = parsed.GetValue(Policy);
        if (policy is null)
        {
            return parsed.GetValue(Ledger) is not null
                ? throw new UserErrorException("--ledger is for a release that is verified", "add --policy FILE", ExitCode.Usage)
                : (Values.Read(parsed, TpmAlgorithm.Sha384, against is null ? null : FileOf(against, parsed.GetValue(SecureBoot))), null);
        }

        if (against is null || !Directory.Exists(against) || parsed.GetValue(Values.Pcr) is { Length: > 0 })
        {
            throw new UserErrorException("--policy needs a release directory in --against, and no --pcr", exitCode: ExitCode.Usage);
        }

        ReleaseVerificationResult result = ReleaseVerification.Verify(against, new()
        {
            Policy = ReleasePolicyReader.Read(policy),
            At = clock.GetUtcNow(),
            Ledger = parsed.GetValue(Ledger) is { } ledger ? ReleaseLedger.Open(ledger) : null,
            Workers = Environment.ProcessorCount,
            SpoolFolder = SpoolFolder.Find(),
        });
        if (result.Release is not { } release)
        {
            return ([], result.Report);
        }

        ImagePrediction prediction = parsed.GetValue(SecureBoot) == Off ? release.WithoutSecureBoot : release.WithSecureBoot;
        string name = $"{release.Statement.Name} {release.Statement.Version}";
        return ([.. ReferenceValues.Of(prediction, name).Where(pcr => pcr.Value.Algorithm == TpmAlgorithm.Sha384)], result.Report);
    }

    /// <summary>The file with the registers of a folder: a signed release has one for each mode.</summary>
    private static string FileOf(string path, string? mode)
    {
        if (!Directory.Exists(path))
        {
            return mode is null ? path : throw new UserErrorException("--secure-boot is about a folder", "a measurements.json is for one mode", ExitCode.Usage);
        }

        string secure = Path.Combine(path, ReleaseFiles.SecureBootMeasurements);
        return mode == Off || (mode is null && !File.Exists(secure)) ? path : secure;
    }
}
