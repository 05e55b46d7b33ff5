using System.Text.RegularExpressions;
using Mantle.ImageBuilder.Publishing;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Launching;

/// <summary>What is to be launched. Every text is of a kind that needs no quoting in any template.</summary>
public sealed record LaunchRequest
{
    /// <summary>What the resources are called, for example the appliance's name: lower-case letters, digits and hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>The AMI's ID; it decides the region.</summary>
    public required string ImageId { get; init; }

    /// <summary>The ARN of the KMS key that the appliance uses.</summary>
    public required string KeyArn { get; init; }

    /// <summary>What the appliance does with the key, as KMS names it, with the prefix <c>kms:</c>.</summary>
    public IReadOnlyList<string> Operations { get; init; } = ["kms:Decrypt"];

    /// <summary>The name of the instance's role, which the binding plan names as a principal.</summary>
    public required string Role { get; init; }

    /// <summary>The TCP port of the service, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>The instance type.</summary>
    public string InstanceType { get; init; } = "m7i.large";

    /// <summary>Snapshots of data volumes, in the order of their devices.</summary>
    public IReadOnlyList<string> Snapshots { get; init; } = [];

    /// <summary>SHA-256 of the release statement, where the AMI was taken from a release; in the templates it is a comment.</summary>
    public string? Statement { get; init; }

    /// <summary>What the templates say of where the AMI is from: a line of comment with its end, or nothing.</summary>
    internal string ReleaseComment => Statement is null ? "" : $"# The AMI of release {Statement}; prove it with \"imagebuilder ami verify {ImageId} --against RELEASE\".\n";

    /// <summary>The region of the key, and so of everything.</summary>
    public string Region => KeyArn.Split(':')[3];

    /// <summary>AWS's partition: <c>aws</c>, <c>aws-us-gov</c>, <c>aws-cn</c>.</summary>
    public string Partition => KeyArn.Split(':')[1];

    /// <summary>The devices of the data volumes: /dev/sdf and on, as EC2 advises for data (EC2 User Guide, "Device names").</summary>
    public IEnumerable<(string Device, string Snapshot)> Volumes => Snapshots.Select((snapshot, i) => ($"/dev/sd{(char)('f' + i)}", snapshot));

    /// <summary>
    /// The same for the AMI of the key's region that <c>ami.json</c> names for the release. That file is not signed: whoever changes it decides what is
    /// launched, but not what the key is released to.
    /// </summary>
    /// <exception cref="UserErrorException">The release was not published to the key's region; exit code 1.</exception>
    /// <exception cref="Formats.Bytes.MalformedInputException"><c>ami.json</c> is none.</exception>
    public LaunchRequest Of(PublishRelease release)
    {
        IReadOnlyList<PublishedImage> images = AmiDocument.Read(release.Directory, release.Statement);
        PublishedImage image = images.FirstOrDefault(one => one.Region == Region) ?? throw new UserErrorException(
            $"{release.Label} is not published in {Region}, the key's region" + (images.Count > 0 ? $", but in {string.Join(", ", images.Select(one => one.Region))}" : ""),
            $"run \"imagebuilder publish {release.Directory} --region {Region}\", or name the AMI by --ami",
            ExitCode.Usage);
        return this with { Name = Name.Length > 0 ? Name : release.Name, ImageId = image.Id, Statement = release.Statement };
    }

    /// <summary>Refuses what is no key, from which the region is taken.</summary>
    /// <exception cref="UserErrorException">It is none; exit code 1.</exception>
    public void CheckKey() =>
        Require(KeyArn, "^arn:aws(-[a-z]+)*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,128}$", "key", "the ARN of a key, not of an alias: a policy that names an alias means nothing");

    /// <summary>Refuses what no template shall hold.</summary>
    /// <exception cref="UserErrorException">A text is not of its kind; exit code 1.</exception>
    public void Check()
    {
        Require(Name, "^[a-z][a-z0-9-]{0,39}$", "name", "lower-case letters, digits and hyphens, at most 40");
        Require(ImageId, "^ami-[0-9a-f]{8,17}$", "AMI", "an ID such as ami-0123456789abcdef0");
        CheckKey();
        Require(Role, "^[A-Za-z0-9_-]{1,64}$", "role", "the name of a role, without path and ARN");
        foreach (string snapshot in Snapshots)
        {
            Require(snapshot, "^snap-[0-9a-f]{8,17}$", "snapshot", "an ID such as snap-0123456789abcdef0");
        }

        string[] known = [.. Mantle.Measure.KeyPolicy.Evaluation.KmsAction.Named(Mantle.Measure.KeyPolicy.Evaluation.KmsEffect.AttestedPlaintext)];
        string? problem =
            Port is < 1 or > 65535 ? $"port {Port} is none from 1 to 65535"
            : Snapshots.Count > 11 ? $"{Snapshots.Count} volumes are more than the devices /dev/sdf to /dev/sdp"
            : Operations.FirstOrDefault(operation => !known.Contains(operation)) is { } other ? $"operation \"{other}\" is none of {string.Join(", ", known)}"
            : Operations.Count == 0 ? "no operation is named"
            : !InstanceTypes.CanRun(InstanceType) ? $"instance type \"{InstanceType}\" has no NitroTPM or is not x86-64, so the key would never be released to it"
            : null;
        if (problem is not null)
        {
            throw new UserErrorException(problem, "see \"imagebuilder launch-template --help\"", ExitCode.Usage);
        }
    }

    private static void Require(string text, string pattern, string what, string hint)
    {
        if (!Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking))
        {
            throw new UserErrorException($"{what} \"{text}\" is none", $"give {hint}", ExitCode.Usage);
        }
    }
}
