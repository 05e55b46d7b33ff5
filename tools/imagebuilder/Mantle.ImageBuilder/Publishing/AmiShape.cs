using Amazon.EC2;
using Amazon.EC2.Model;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Measure.Checking;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>How an AMI of a release is registered, and whether one is registered so.</summary>
internal static class AmiShape
{
    /// <summary>The one volume.</summary>
    public const string RootDevice = "/dev/xvda";

    private const string Boot = "uefi";
    private const string Tpm = "v2.0";
    private const string Imds = "v2.0";

    /// <summary>The request that registers a snapshot as the release's AMI.</summary>
    public static RegisterImageRequest Register(PublishRelease release, string snapshot) => new()
    {
        Name = release.ImageName,
        Description = $"{release.Label}, release {release.Statement}",
        Architecture = ArchitectureValues.X86_64,
        VirtualizationType = "hvm",
        BootMode = BootModeValues.Uefi,
        TpmSupport = TpmSupportValues.V20,
        ImdsSupport = ImdsSupportValues.V20,
        EnaSupport = true,
        UefiData = UefiData.Write(release.UefiVariables),
        RootDeviceName = RootDevice,
        BlockDeviceMappings = [new() { DeviceName = RootDevice, Ebs = new() { SnapshotId = snapshot, VolumeType = VolumeType.Gp3, DeleteOnTermination = true } }],
        TagSpecifications = [new() { ResourceType = ResourceType.Image, Tags = [.. release.Tags.Select(tag => new Tag(tag.Key, tag.Value))] }],
    };

    /// <summary>The snapshot of the root device, or null.</summary>
    public static string? SnapshotOf(Image image) => image.BlockDeviceMappings?.Find(device => device.DeviceName == image.RootDeviceName)?.Ebs?.SnapshotId;

    /// <summary>Holds what EC2 says of an AMI against how a release's is registered.</summary>
    public static void Check(CheckReport report, Image image, PublishRelease? release)
    {
        void Same(string id, string? actual, string expected) => report.Check(id, actual == expected ? null : $"{actual ?? "none"}, not {expected}", expected);
        Same("state", image.State?.Value, "available");
        Same("architecture", image.Architecture?.Value, "x86_64");
        Same("virtualization", image.VirtualizationType?.Value, "hvm");
        Same("boot-mode", image.BootMode?.Value, Boot);
        Same("tpm", image.TpmSupport?.Value, Tpm);
        Same("imds", image.ImdsSupport?.Value, Imds);
        report.Check("ena", image.EnaSupport == true ? null : "not switched on", "switched on");
        report.Check("devices", Devices(image), $"{RootDevice} alone, a gp3 volume of one snapshot that ends with its instance");
        if (release is not null)
        {
            string[] wrong = [.. release.Tags.Where(tag => tag.Key != "Name" && image.Tags?.Find(one => one.Key == tag.Key)?.Value != tag.Value).Select(tag => tag.Key)];
            report.Check("tags", wrong.Length == 0 ? null : $"other than the release's: {string.Join(", ", wrong)}", "release, image, version and registers are the release's");
        }
    }

    /// <summary>Holds a variable blob against the identity.</summary>
    public static void CheckVariables(CheckReport report, string? uefiData, PublishRelease release)
    {
        const string Id = "variables";
        if (uefiData is null)
        {
            report.Check(Id, false, "there are none: Secure Boot is off");
            return;
        }

        IReadOnlyList<EfiVariable> actual;
        try
        {
            actual = UefiData.Read(System.Text.Encoding.ASCII.GetBytes(uefiData));
        }
        catch (MalformedInputException e)
        {
            report.Check(Id, false, e.Message);
            return;
        }

        List<string> problems = [];
        foreach (EfiVariable expected in release.UefiVariables)
        {
            EfiVariable[] found = [.. actual.Where(variable => variable.Is(expected.Vendor, expected.Name))];
            if (found.Length != 1 || found[0].Attributes != expected.Attributes || !found[0].Content.Span.SequenceEqual(expected.Content.Span))
            {
                problems.Add(found.Length == 0 ? $"{expected.Name} is missing" : $"{expected.Name} is not the identity's");
            }
        }

        // A boot entry has a command line; any other variable is an operator's as well.
        problems.AddRange(actual.Where(variable => !release.UefiVariables.Any(expected => variable.Is(expected.Vendor, expected.Name))).Select(variable => $"{PrintedText.Escape(variable.Name)} is there besides"));
        report.Check(Id, problems.Count == 0 ? null : string.Join(", ", problems), "PK, KEK, db and dbx are the identity's, and there are no others");
    }

    private static string? Devices(Image image)
    {
        List<string> problems = [];
        foreach (BlockDeviceMapping device in image.BlockDeviceMappings ?? [])
        {
            if (device.DeviceName != RootDevice)
            {
                problems.Add($"there is a volume {device.DeviceName} besides, of {device.Ebs?.SnapshotId ?? device.VirtualName ?? "nothing"}");
            }
            else if (device.Ebs is not { SnapshotId.Length: > 0 } volume)
            {
                problems.Add($"{RootDevice} is of no snapshot");
            }
            else if (device.NoDevice is not null)
            {
                problems.Add($"{RootDevice} is left out");
            }
            else if (volume.VolumeType != VolumeType.Gp3 || volume.DeleteOnTermination != true)
            {
                problems.Add($"{RootDevice} is a volume {volume.VolumeType}{(volume.DeleteOnTermination == true ? "" : " that stays when its instance ends")}");
            }
        }

        if (image.BlockDeviceMappings?.Count(device => device.DeviceName == RootDevice) > 1)
        {
            problems.Add($"{RootDevice} is there more than once");
        }

        if (image.RootDeviceName != RootDevice || SnapshotOf(image) is null)
        {
            problems.Add($"the root device is {image.RootDeviceName ?? "none"}");
        }

        return problems.Count == 0 ? null : string.Join("; ", problems);
    }
}
