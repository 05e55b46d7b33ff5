using System.CommandLine;
using System.Text.Json;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Publishing;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder publish</c>: makes AMIs of a verified release.</summary>
internal static class PublishCommand
{
    private static readonly Argument<string> s_release = new("RELEASE") { Description = "A release directory; it is verified first" };
    private static readonly Option<string> s_policy = VerifiedReleaseOptions.Policy();
    private static readonly Option<string?> s_ledger = VerifiedReleaseOptions.Ledger();
    private static readonly Option<string> s_region = new("--region") { Description = "The region to upload to", HelpName = "REGION", Required = true };
    private static readonly Option<string[]> s_copyTo = new("--copy-to") { Description = "Regions to copy to, with commas between", HelpName = "REGION" };
    private static readonly Option<string[]> s_shareWith = new("--share-with") { Description = "Who may launch it: an account, the ARN of an organization or unit, or public; repeatable", HelpName = "ACCOUNT|public" };
    private static readonly Option<string?> s_deprecateAt = new("--deprecate-at") { Description = "From when on the AMI is deprecated", HelpName = "TIME" };
    private static readonly Option<int> s_parallel = new("--parallel") { Description = "Blocks to send at a time, 1 to 64; fewer while EBS throttles", HelpName = "N", DefaultValueFactory = _ => 64 };
    private static readonly Option<bool> s_dryRun = new("--dry-run") { Description = "List every call that would be made, and make none that changes anything" };
    private static readonly Option<bool> s_yes = new("--yes", "-y") { Description = "Do not ask" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON (docs/schemas/publication.schema.json), and events on standard error" };

    public static Command Create()
    {
        Command command = new(
            "publish",
            """
            Make an AMI of a release: verify the release, upload exactly the image that was signed (EBS direct APIs, no import, no bucket), register it
            for UEFI, TPM 2.0 and IMDSv2 with the identity's variables, wait, copy, share, deprecate, and write ami.json into the release. Run again it
            changes nothing, or goes on where it stopped, without sending finished blocks again. Credentials and endpoints are those that the AWS SDK finds.

            Exit code 2: the release is not verified, or something else has its name; 5: AWS failed or refused; the message says what exists.

              imagebuilder publish release --region us-east-1 --dry-run
              imagebuilder publish release --region us-east-1 --ledger releases.jsonl --copy-to eu-central-1,us-west-2
              imagebuilder publish release --region us-east-1 --share-with 111122223333 --deprecate-at 2027-05-23 --yes
            """)
        {
            s_release, s_policy, s_ledger, s_region, s_copyTo, s_shareWith, s_deprecateAt, s_parallel, s_dryRun, s_yes, s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string region = VerifiedReleaseOptions.Region(parsed.GetValue(s_region)!);
        string[] copyTo = [.. VerifiedReleaseOptions.Split(parsed.GetValue(s_copyTo)).Select(VerifiedReleaseOptions.Region)];
        string[] shareWith = [.. VerifiedReleaseOptions.Split(parsed.GetValue(s_shareWith)).Select(VerifiedReleaseOptions.Grantee)];
        DateTimeOffset? deprecateAt = SigningOptions.Find(parsed, s_deprecateAt);
        if (deprecateAt is { } time && (time <= TimeProvider.System.GetUtcNow() || time.Second != 0))
        {
            throw new UserErrorException("--deprecate-at: not a whole minute in the future", "EC2 deprecates from a minute in the future on", ExitCode.Usage);
        }

        PublishRequest request = new()
        {
            Release = VerifiedReleaseOptions.Verify(parsed.GetValue(s_release)!, parsed.GetValue(s_policy)!, parsed.GetValue(s_ledger)),
            Region = region,
            CopyTo = copyTo,
            ShareWith = shareWith,
            DeprecateAt = deprecateAt,
            Parallel = parsed.GetValue(s_parallel) is >= 1 and <= 64 and int parallel ? parallel : throw new UserErrorException("--parallel: not 1 to 64", exitCode: ExitCode.Usage),
            IsDryRun = parsed.GetValue(s_dryRun),
            Time = TimeProvider.System,
        };
        using Publisher publisher = Publisher.Connect(request, new ConsolePublishing(parsed.GetValue(s_yes), parsed.GetValue(s_json)));
        PublishResult result = await publisher.RunAsync(cancellation).ConfigureAwait(false);
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => Write(json, request.Release, result));
        }
        else
        {
            Write(parsed.InvocationConfiguration.Output, result);
        }

        return ExitCode.Success;
    }

    private static void Write(TextWriter output, PublishResult result)
    {
        foreach (string call in result.Calls)
        {
            output.Write($"{(result.IsDone ? "done" : "to do"),-13}{call}\n");
        }

        if (result.Upload is { } upload)
        {
            output.Write($"{"sent",-13}{PrintedText.Megabytes((long)upload.SentBlocks * PublishedBlock)} of {upload.Blocks} blocks in {upload.Elapsed.TotalSeconds:F1} s, checksum {upload.Checksum}\n");
        }

        foreach (PublishedImage image in result.Images)
        {
            output.Write($"{image.Region,-13}{image.Id}  {image.Snapshot}{(image.SharedWith.Count > 0 ? $"  shared with {string.Join(", ", image.SharedWith)}" : "")}\n");
        }
    }

    private const int PublishedBlock = 524_288;

    private static void Write(Utf8JsonWriter json, PublishRelease release, PublishResult result)
    {
        json.WriteString("release", release.Statement);
        json.WriteBoolean("done", result.IsDone);
        json.WriteTexts("calls", result.Calls);
        json.WriteStartArray("images");
        foreach (PublishedImage image in result.Images)
        {
            json.WriteStartObject();
            json.WriteString("region", image.Region);
            json.WriteString("id", image.Id);
            json.WriteString("snapshot", image.Snapshot);
            json.WriteString("account", image.Account);
            json.WriteTexts("sharedWith", image.SharedWith);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (result.Upload is { } upload)
        {
            json.WriteStartObject("upload");
            json.WriteNumber("blocks", upload.Blocks);
            json.WriteNumber("sentBlocks", upload.SentBlocks);
            json.WriteNumber("elapsedMs", (long)upload.Elapsed.TotalMilliseconds);
            json.WriteString("checksum", upload.Checksum);
            json.WriteEndObject();
        }
    }
}
