using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;
using Mantle.Measure.Verification;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure verify</c>: holds a release against a policy, or an image by itself against what is claimed of it.</summary>
internal static class VerifyCommand
{
    private const string ManifestName = "manifest.json";

    private static readonly Argument<string> s_input = new("RELEASE|IMAGE") { Description = "A release directory, or a raw disk image" };

    private static readonly Option<string?> s_policy = new("--policy") { Description = "Who has to have signed the release, and what it may be", HelpName = "FILE" };

    private static readonly Option<string?> s_at = new("--at")
    {
        Description = "The time that keys, age and expiry of a release are judged for [default: now]",
        HelpName = "TIME",
    };

    private static readonly Option<string?> s_ledger = new("--ledger") { Description = "The ledger that the release has to be in, neither retired nor revoked", HelpName = "FILE" };

    private static readonly Option<string?> s_against = new("--against")
    {
        Description = "For an image: a measurements.json or the folder that holds it; manifest.json beside it is checked too",
        HelpName = "FILE|FOLDER",
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON (docs/schemas/release-verification.schema.json, verification.schema.json)" };

    public static Command Create(TimeProvider clock)
    {
        Command command = new(
            "verify",
            """
            Verify a release, offline, with public keys alone: signatures and roles, every digest, the audit and the measurements made anew
            from the image, the Secure Boot signature, the ledger. Every rule is said to pass or to fail, with what was seen. There is no
            way to leave one out.

            Or compute from an image by itself what is claimed of it, and say claim by claim what holds: partition table, boot file, root
            hash and verity tree, the files of the root, the PCRs in every bank, and the digests of the manifest.

            Exit code 0: everything holds; 2: something does not; 7: something that a verdict needs is missing.

            Examples:
              measure verify release --policy policies/release.yaml
              measure verify release --policy policies/release.yaml --ledger ledger/releases.jsonl --at 2026-11-23T12:00:00Z
              measure verify out/image.raw --against out
            """)
        {
            s_input, s_policy, s_at, s_ledger, s_against, s_json,
        };
        command.SetAction(parsed => Run(parsed, clock));
        return command;
    }

    private static int Run(ParseResult parsed, TimeProvider clock)
    {
        string? policy = parsed.GetValue(s_policy);
        string? against = parsed.GetValue(s_against);
        return (policy, against) switch
        {
            ({ } file, null) => VerifyRelease(parsed, file, clock),
            (null, { } file) when parsed.GetValue(s_at) is null && parsed.GetValue(s_ledger) is null => VerifyImage(parsed, file),
            (null, not null) => throw new UserErrorException("--at and --ledger are for releases", "give the release directory and --policy", ExitCode.Usage),
            _ => throw new UserErrorException("one of --policy and --against is needed", "--policy FILE for a release directory, --against FOLDER for an image", ExitCode.Usage),
        };
    }

    private static int VerifyRelease(ParseResult parsed, string policy, TimeProvider clock)
    {
        string directory = parsed.GetValue(s_input)!;
        ReleaseVerificationResult result = ReleaseVerification.Verify(directory, new()
        {
            Policy = ReleasePolicyReader.Read(policy),
            At = parsed.GetValue(s_at) is { } at ? Inputs.Time("--at", at) : clock.GetUtcNow(),
            Ledger = parsed.GetValue(s_ledger) is { } ledger ? ReleaseLedger.Open(ledger) : null,
            Workers = Environment.ProcessorCount,
            SpoolFolder = SpoolFolder.Find(),
        });
        string name = result.Statement is { } statement ? $"{statement.Name} {statement.Version}" : Path.GetFileName(Path.TrimEndingDirectorySeparator(directory));
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("name", result.Statement?.Name);
                json.WriteString("release", result.Statement?.Version);
                json.WriteString("statement", result.Release?.StatementSha256);
                CheckJson.Write(result.Report, json);
            });
        }
        else
        {
            CheckText.Write(result.Report, name, parsed.InvocationConfiguration.Output);
        }

        return result.Report.ExitCode;
    }

    private static int VerifyImage(ParseResult parsed, string against)
    {
        string image = parsed.GetValue(s_input)!;
        string folder = Directory.Exists(against) ? against : Path.GetDirectoryName(Path.GetFullPath(against))!;
        string measurements = Directory.Exists(against) ? Path.Combine(against, ReferenceValues.FileName) : against;
        foreach (string path in (string[])[image, measurements])
        {
            if (!File.Exists(path))
            {
                throw new UserErrorException($"\"{path}\" does not exist", "name a disk image, and a release folder or its measurements.json", ExitCode.Environment);
            }
        }

        SortedDictionary<string, ByteSource> files = new(StringComparer.Ordinal);
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
        {
            files[file.Name] = ByteSource.OpenFile(file.FullName);
        }

        CheckReport report = ImageVerifier.Verify(ByteSource.OpenFile(image), new()
        {
            Measurements = MeasurementsDocument.Read(ByteSource.OpenFile(measurements)),
            Manifest = files.GetValueOrDefault(ManifestName),
            Files = files,
            ImageName = Path.GetFileName(image),
        });
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("image", Path.GetFileName(image));
                CheckJson.Write(report, json);
            });
        }
        else
        {
            CheckText.Write(report, Path.GetFileName(image), parsed.InvocationConfiguration.Output);
        }

        return report.ExitCode;
    }
}
