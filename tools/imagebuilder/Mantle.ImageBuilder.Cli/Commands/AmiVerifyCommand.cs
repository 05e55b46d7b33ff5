using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Publishing;
using Mantle.ImageBuilder.Publishing.Verification;
using Mantle.Measure;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder ami verify</c>: which release an AMI is, from its own bytes.</summary>
internal static class AmiVerifyCommand
{
    private static readonly Argument<string?> s_ami = new("AMI|SNAPSHOT") { Description = "What to verify [default: every AMI that ami.json of the release names]", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> s_against = new("--against") { Description = "The release that it should be; it is verified first. Without it the AMI is measured only", HelpName = "RELEASE" };
    private static readonly Option<string> s_policy = VerifiedReleaseOptions.Policy();
    private static readonly Option<string?> s_ledger = VerifiedReleaseOptions.Ledger();
    private static readonly Option<string?> s_region = new("--region") { Description = "The AMI's region", HelpName = "REGION" };
    private static readonly Option<int?> s_sample = new("--sample") { Description = "Read only so many blocks, drawn by lot, beside those that are measured at boot", HelpName = "N" };
    private static readonly Option<string[]> s_sharedWith = new("--shared-with") { Description = "Who may launch it, and nobody else; \"nobody\" for its owner alone [default: as ami.json says]", HelpName = "ACCOUNT|public|nobody" };
    private static readonly Option<string?> s_save = new("--save") { Description = "Write the measurements for people without access to the AMI", HelpName = "FILE" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON (docs/schemas/ami-verification.schema.json)" };

    public static Command Create()
    {
        Command command = new(
            "verify",
            """
            Say whether an AMI is a release. Its snapshot's blocks are read back and compared byte for byte, its disk digest and PCRs computed from them, and
            how it is registered held against the release: variables, boot mode, TPM, IMDS, architecture, volumes, tags, launch permissions.

            Exit code 0: this AMI is the release; 2: it is not, and the failed checks say where; 7: something could not be read.

              imagebuilder ami verify ami-0123456789abcdef0 --against release --region us-east-1
              imagebuilder ami verify --against release                               every region that ami.json names
              imagebuilder ami verify ami-0123456789abcdef0 --region us-east-1 --save measurements.json
            """)
        {
            s_ami, s_against, s_policy, s_ledger, s_region, s_sample, s_sharedWith, s_save, s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(s_sample) is < 2)
        {
            throw new UserErrorException("--sample: less than 2 blocks prove nothing", exitCode: ExitCode.Usage);
        }

        PublishRelease? release = parsed.GetValue(s_against) is { } directory ? VerifiedReleaseOptions.Verify(directory, parsed.GetValue(s_policy)!, parsed.GetValue(s_ledger)) : null;
        IReadOnlyList<PublishedImage> published = release is null ? [] : AmiDocument.Read(release.Directory, release.Statement);
        string? id = parsed.GetValue(s_ami);
        (string Region, string Id)[] targets = id is not null
            ? [(RegionOf(parsed, id, published), id)]
            : [.. published.Where(image => parsed.GetValue(s_region) is not { } region || image.Region == region).Select(image => (image.Region, image.Id))];
        if (targets.Length == 0)
        {
            throw new UserErrorException("no AMI is named, and there is no ami.json with one", "name an AMI and its region", ExitCode.Usage);
        }

        CheckReport report = new();
        List<ImagePrediction> predictions = [];
        foreach ((string region, string target) in targets)
        {
            using AmiVerifier verifier = AmiVerifier.Connect(new()
            {
                Id = target,
                Region = region,
                Release = release,
                Sample = parsed.GetValue(s_sample),
                SharedWith = SharedWith(parsed, published.FirstOrDefault(image => image.Region == region && image.Id == target)),
                Time = TimeProvider.System,
            });
            AmiVerifyResult result = await verifier.RunAsync(cancellation).ConfigureAwait(false);
            report.Include(targets.Length > 1 ? region + "." : "", result.Report);
            predictions.AddRange(result.Predictions);
        }

        Save(parsed, predictions);
        return Finish(parsed, report, release, targets, predictions);
    }

    private static int Finish(ParseResult parsed, CheckReport report, PublishRelease? release, (string Region, string Id)[] targets, List<ImagePrediction> predictions)
    {
        string subject = string.Join(", ", targets.Select(target => $"{target.Id} in {target.Region}"));
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("release", release?.Statement);
                json.WriteTexts("amis", targets.Select(target => target.Id));
                CheckJson.Write(report, json);
            });
        }
        else
        {
            CheckText.Write(report, subject, output);
            if (release is null && predictions.Count > 0)
            {
                PredictionText.Write(predictions[0], output);
            }

            if (release is not null && report.Verdict == Verdict.Holds)
            {
                output.Write($"{Claim(parsed, targets)} {release.Label}, number {release.Number}, release {release.Statement}\n");
            }
        }

        return report.ExitCode;
    }

    /// <summary>What was found out, and no more: a snapshot is not registered in any way, and a sample is a sample.</summary>
    private static string Claim(ParseResult parsed, (string Region, string Id)[] targets) =>
        parsed.GetValue(s_sample) is not null ? "as far as it was sampled, and in all that is measured at boot, this is"
            : targets[0].Id.StartsWith("snap-", StringComparison.Ordinal) ? "the bytes of this snapshot are those of"
            : targets.Length == 1 ? "this AMI is"
            : "these AMIs are";

    private static string RegionOf(ParseResult parsed, string id, IReadOnlyList<PublishedImage> published)
    {
        if (!id.StartsWith("ami-", StringComparison.Ordinal) && !id.StartsWith("snap-", StringComparison.Ordinal))
        {
            throw new UserErrorException($"\"{id}\" is neither an AMI nor a snapshot", "write ami-… or snap-…", ExitCode.Usage);
        }

        return parsed.GetValue(s_region) is { } region ? VerifiedReleaseOptions.Region(region)
            : published.FirstOrDefault(image => image.Id == id || image.Snapshot == id)?.Region ?? throw new UserErrorException("--region is needed", exitCode: ExitCode.Usage);
    }

    private static IReadOnlyList<string>? SharedWith(ParseResult parsed, PublishedImage? published)
    {
        string[] given = VerifiedReleaseOptions.Split(parsed.GetValue(s_sharedWith));
        return given is ["nobody"] ? [] : given.Length > 0 ? [.. given.Select(VerifiedReleaseOptions.Grantee)] : published?.SharedWith;
    }

    private static void Save(ParseResult parsed, List<ImagePrediction> predictions)
    {
        if (parsed.GetValue(s_save) is { } path && predictions.Count > 0)
        {
            ReplacedFile.Write(path, file => MeasurementsDocument.Write(predictions[0], file));
        }
    }
}
