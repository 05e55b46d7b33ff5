using System.CommandLine;
using System.Text.Json;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Lint;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Cli.Commands.KeyPolicy;

/// <summary>The files and options that the policy commands share.</summary>
internal static class PolicyInputs
{
    public static Argument<string> Policy { get; } = new("POLICY") { Description = "The key policy" };

    public static Option<string?> Plan { get; } = new("--plan") { Description = "The plan that the policy should follow; its releases are known then", HelpName = "PLAN" };

    public static Option<string[]> Identity { get; } = new("--iam") { Description = "An identity policy, of everybody or of one principal; repeatable", HelpName = "[PRINCIPAL=]FILE" };

    public static Option<string[]> ServiceControl { get; } = new("--scp") { Description = "A service control policy for the key's account; repeatable", HelpName = "FILE" };

    public static Option<string[]> ResourceControl { get; } = new("--rcp") { Description = "A resource control policy for the key; repeatable", HelpName = "FILE" };

    public static Option<string?> Grants { get; } = new("--grants") { Description = "What \"aws kms list-grants\" prints", HelpName = "FILE" };

    public static Option<string?> Key { get; } = new("--key") { Description = "The key's ARN [default: a key in the account that the policy names]", HelpName = "ARN" };

    public static Option<string?> At { get; } = new("--at") { Description = "The time for conditions on it [default: now]", HelpName = "TIME" };

    public static Option<string?> Known { get; } = new("--known") { Description = "A folder of measurements.json files: releases; never/ holds debug twins, revoked/ old releases", HelpName = "FOLDER" };

    public static Option<bool> Json { get; } = new("--json") { Description = "The result as JSON" };

    public static PolicyDocument ReadPolicy(ParseResult parsed) => ReadPolicy(parsed.GetValue(Policy)!);

    public static BindingPlan? ReadPlan(ParseResult parsed) => parsed.GetValue(Plan) is { } path ? PlanReader.ReadFile(path) : null;

    /// <summary>The result as JSON or as text, as asked for; then the exit code.</summary>
    public static int Finish(ParseResult parsed, Action<Utf8JsonWriter> json, Action<TextWriter> text, bool holds)
    {
        if (parsed.GetValue(Json))
        {
            JsonOutput.Write(parsed, json);
        }
        else
        {
            text(parsed.InvocationConfiguration.Output);
        }

        return holds ? ExitCode.Success : ExitCode.Mismatch;
    }

    public static PolicyDocument ReadPolicy(string path, PolicyKind kind = PolicyKind.Key) => Named(path, () => PolicyReader.Read(ReadBytes(path), kind, Path.GetFileName(path)));

    public static PolicySet ReadSet(ParseResult parsed, PolicyDocument policy, bool assumes) => new()
    {
        KeyPolicy = policy,
        AssumesIdentityAllows = assumes,
        Identity = [.. (parsed.GetValue(Identity) ?? []).Select(ReadIdentity)],
        ServiceControl = [.. (parsed.GetValue(ServiceControl) ?? []).Select(path => ReadPolicy(path, PolicyKind.ServiceControl))],
        ResourceControl = [.. (parsed.GetValue(ResourceControl) ?? []).Select(path => ReadPolicy(path, PolicyKind.ResourceControl))],
        Grants = parsed.GetValue(Grants) is { } grants ? Named(grants, () => GrantListReader.Read(ReadBytes(grants))) : [],
    };

    public static AttestedPcrs ReadMeasurements(string path, string? name = null) =>
        Named(path, () => ReleasePcrs.Of(name ?? Path.GetFileNameWithoutExtension(path), MeasurementsDocument.Read(ByteSource.FromMemory(ReadBytes(path)))));

    public static IReadOnlyList<KnownRelease> ReadKnown(string? folder) => folder is null ? [] :
    [
        .. ReadFolder(folder, KnownState.Release, optional: false),
        .. ReadFolder(Path.Combine(folder, "revoked"), KnownState.Revoked, optional: true),
        .. ReadFolder(Path.Combine(folder, "never"), KnownState.Never, optional: true),
    ];

    public static KeyIdentity KeyOf(ParseResult parsed, PolicyDocument policy)
    {
        if (parsed.GetValue(Key) is not { } arn)
        {
            return new("aws", "us-east-1", LintInput.AccountOf(policy), KeyIdentity.UnknownId);
        }

        string[] parts = arn.Split(':');
        return parts.Length == 6 && parts[0] == "arn" && parts[2] == "kms" && RequestPrincipal.IsAccount(parts[4]) && parts[5].StartsWith("key/", StringComparison.Ordinal)
            ? new(parts[1], parts[3], parts[4], parts[5][4..])
            : throw new UserErrorException($"\"{arn}\" is no key's ARN", "such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", ExitCode.Usage);
    }

    public static DateTimeOffset TimeOf(ParseResult parsed) => parsed.GetValue(At) is { } text ? ParseTime(text) : TimeProvider.System.GetUtcNow();

    public static DateTimeOffset ParseTime(string text) =>
        UtcTime.TryParseTimeOrDay(text, out DateTimeOffset time)
            ? time
            : throw new UserErrorException($"\"{text}\" is no time", "such as 2026-12-31T00:00:00Z", ExitCode.Usage);

    public static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserErrorException($"\"{path}\" does not exist", null, ExitCode.Environment, e);
        }
    }

    private static IdentityPolicy ReadIdentity(string word)
    {
        int equals = word.StartsWith("arn:", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
        return new(ReadPolicy(word[(equals + 1)..], PolicyKind.Identity), equals < 0 ? null : word[..equals]);
    }

    private static IEnumerable<KnownRelease> ReadFolder(string folder, KnownState state, bool optional) => !Directory.Exists(folder)
        ? optional ? [] : throw new UserErrorException($"\"{folder}\" is no folder", null, ExitCode.Environment)
        : new DirectoryInfo(folder).GetFiles("*.json").Select(file => file.FullName).Order(StringComparer.Ordinal).Select(path => new KnownRelease(ReadMeasurements(path), state));

    /// <summary>Says which file is malformed; a reader knows only the format.</summary>
    private static T Named<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (MalformedInputException e)
        {
            throw new UserErrorException($"{path}: {e.Message}", cause: e);
        }
    }
}
