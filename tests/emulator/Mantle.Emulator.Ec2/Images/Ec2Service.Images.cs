using System.Globalization;
using System.Xml.Linq;
using Mantle.Emulator.Ec2.Ebs;
using Mantle.Emulator.Ec2.Images;
using Mantle.Emulator.Ec2.Wire;

namespace Mantle.Emulator.Ec2;

/// <summary>AMIs (EC2 API Reference).</summary>
public sealed partial class Ec2Service
{
    private const int LargestUefiData = 64_000;

    private Answer RegisterImage(Ec2Request request)
    {
        QueryForm form = request.Form!;
        string name = form.RequiredText("Name");
        if (name.Length is < 3 or > 128 || name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && !" ()[]./-'@_".Contains(letter, StringComparison.Ordinal)))
        {
            throw new Ec2ErrorException("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'");
        }

        if (_images.Values.FirstOrDefault(image => image.Region == request.Region && image.Owner == request.Caller.Account && image.Name == name) is { } same)
        {
            throw new Ec2ErrorException("InvalidAMIName.Duplicate", $"AMI name {name} is already in use by AMI {same.Id}");
        }

        if (form.Text("UefiData") is { Length: > LargestUefiData })
        {
            throw new Ec2ErrorException("InvalidParameterValue", "The UEFI data is too long.");
        }

        if (form.Text("TpmSupport") is not null && form.Text("BootMode") != "uefi")
        {
            throw new Ec2ErrorException("InvalidParameterCombination", "TpmSupport requires the boot mode uefi.");
        }

        List<EmulatedDevice> devices = [.. form.Items("BlockDeviceMapping").Select(item => Device(request, item))];
        if (form.Text("RootDeviceName") is { } root && !devices.Exists(device => device.Name == root))
        {
            throw new Ec2ErrorException("InvalidBlockDeviceMapping", $"The root device {root} is not in the block device mapping.");
        }

        EmulatedImage image = new()
        {
            Id = NewId("ami"),
            Region = request.Region,
            Owner = request.Caller.Account,
            Name = name,
            Description = form.Text("Description") ?? "",
            Architecture = form.Text("Architecture") ?? "i386",
            RootDeviceName = form.Text("RootDeviceName") ?? "",
            VirtualizationType = form.Text("VirtualizationType") ?? "paravirtual",
            EnaSupport = form.Flag("EnaSupport"),
            BootMode = form.Text("BootMode"),
            TpmSupport = form.Text("TpmSupport"),
            ImdsSupport = form.Text("ImdsSupport"),
            UefiData = form.Text("UefiData"),
            Created = Now,
            Invisible = CallsUntilImageIsVisible,
            PendingReads = ReadsUntilImageIsAvailable,
        };
        image.Devices.AddRange(devices);
        foreach ((string key, string value) in form.Tags("image"))
        {
            image.Tags[key] = value;
        }

        _images.Add(image.Id, image);
        return Answer.Query("RegisterImage", Element("imageId", image.Id));
    }

    private EmulatedDevice Device(Ec2Request request, string item)
    {
        QueryForm form = request.Form!;
        string? id = form.Text(item + ".Ebs.SnapshotId");
        int size = int.TryParse(form.Text(item + ".Ebs.VolumeSize"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 0;
        if (id is not null)
        {
            EmulatedSnapshot snapshot = Own(request, id);
            if (snapshot.State != "completed" || snapshot.PendingReads > 0)
            {
                throw new Ec2ErrorException("InvalidSnapshot.NotFound", $"Snapshot {id} is not completed.");
            }

            if (size != 0 && size < snapshot.VolumeSize)
            {
                throw new Ec2ErrorException("InvalidBlockDeviceMapping", $"Volume of size {size}GB is smaller than snapshot '{id}', expect size >= {snapshot.VolumeSize}GB");
            }

            size = size == 0 ? snapshot.VolumeSize : size;
        }

        return new(form.RequiredText(item + ".DeviceName"), id, size, form.Text(item + ".Ebs.VolumeType") ?? "standard", form.Text(item + ".Ebs.DeleteOnTermination") is null || form.Flag(item + ".Ebs.DeleteOnTermination"));
    }

    private Answer DescribeImages(Ec2Request request)
    {
        QueryForm form = request.Form!;
        IReadOnlyList<string> ids = form.List("ImageId");
        IEnumerable<EmulatedImage> found = ids.Count > 0
            ? ids.Select(id => FindImage(request, id)).ToArray()
            : _images.Values.Where(image => image.Region == request.Region && --image.Invisible < 0 && MaySee(image, request));
        string[] owners = [.. form.List("Owner").Select(owner => owner == "self" ? request.Caller.Account : owner)];
        found = found.Where(image => owners.Length == 0 || owners.Contains(image.Owner));
        foreach ((string name, IReadOnlyList<string> values) in form.Filters())
        {
            found = found.Where(image => MeetsTag(image.Tags, name, values) ?? name switch
            {
                "name" => values.Contains(image.Name),
                "block-device-mapping.snapshot-id" => image.Devices.Exists(device => device.Snapshot is { } id && values.Contains(id)),
                _ => throw new Ec2ErrorException("InvalidParameterValue", $"The filter '{name}' is invalid"),
            });
        }

        // A deprecated image of somebody else is not listed.
        EmulatedImage[] images = [.. found.Where(image => ids.Count > 0 || image.Owner == request.Caller.Account || form.Flag("IncludeDeprecated") || image.Deprecated is not { } time || time > Now)];
        int size = int.TryParse(form.Text("MaxResults"), NumberStyles.None, CultureInfo.InvariantCulture, out int most) ? Math.Min(most, PageSize) : int.MaxValue;
        int from = form.Text("NextToken") is { } token ? int.Parse(token, CultureInfo.InvariantCulture) : 0;
        XElement[] page = [.. images.Skip(from).Take(size).Select(Describe)];
        return Answer.Query("DescribeImages", new XElement("imagesSet", page), from + page.Length < images.Length ? [Element("nextToken", from + page.Length)] : Array.Empty<XElement>());
    }

    private static XElement Describe(EmulatedImage image) => new(
        "item",
        Element("imageId", image.Id),
        Element("imageLocation", $"{image.Owner}/{image.Name}"),
        Element("imageState", --image.PendingReads >= 0 ? "pending" : image.State),
        Element("imageOwnerId", image.Owner),
        Element("creationDate", Answer.Time(image.Created)),
        Element("isPublic", image.LaunchPermissions.Contains("all")),
        Element("architecture", image.Architecture),
        Element("imageType", "machine"),
        Element("name", image.Name),
        Element("description", image.Description),
        Element("rootDeviceType", "ebs"),
        Element("rootDeviceName", image.RootDeviceName),
        new XElement("blockDeviceMapping", image.Devices.Select(device => new XElement(
            "item",
            Element("deviceName", device.Name),
            new XElement(
                "ebs",
                device.Snapshot is null ? null : Element("snapshotId", device.Snapshot),
                Element("volumeSize", device.Size),
                Element("deleteOnTermination", device.DeletesOnTermination),
                Element("volumeType", device.VolumeType),
                Element("encrypted", false))))),
        Element("virtualizationType", image.VirtualizationType),
        Element("hypervisor", "xen"),
        Element("enaSupport", image.EnaSupport),
        image.BootMode is null ? null : Element("bootMode", image.BootMode),
        image.TpmSupport is null ? null : Element("tpmSupport", image.TpmSupport),
        image.ImdsSupport is null ? null : Element("imdsSupport", image.ImdsSupport),
        image.Deprecated is null ? null : Element("deprecationTime", Answer.Time(image.Deprecated.Value)),
        image.SourceImage is null ? null : Element("sourceImageId", image.SourceImage),
        image.SourceRegion is null ? null : Element("sourceImageRegion", image.SourceRegion),
        TagSet(image.Tags));

    private Answer DescribeImageAttribute(Ec2Request request)
    {
        EmulatedImage image = FindImage(request, request.Form!.RequiredText("ImageId"));
        if (image.Owner != request.Caller.Account)
        {
            throw new Ec2ErrorException("AuthFailure", $"Not authorized for image:{image.Id}", 403);
        }

        string attribute = request.Form!.RequiredText("Attribute");
        XElement Value(string? value) => new(attribute, value is null ? null : Element("value", value));
        return Answer.Query("DescribeImageAttribute", Element("imageId", image.Id), attribute switch
        {
            "launchPermission" => new XElement(attribute, image.LaunchPermissions.Select(who => new XElement("item", who == "all" ? Element("group", "all") : Element("userId", who)))),
            "uefiData" => Value(image.UefiData),
            "tpmSupport" => Value(image.TpmSupport),
            "imdsSupport" => Value(image.ImdsSupport),
            "bootMode" => Value(image.BootMode),
            "description" => Value(image.Description),
            _ => throw new Ec2ErrorException("InvalidRequest", $"The attribute {attribute} is not known."),
        });
    }

    private Answer CopyImage(Ec2Request request)
    {
        QueryForm form = request.Form!;
        string source = form.RequiredText("SourceImageId");
        string region = form.RequiredText("SourceRegion");
        if (!_images.TryGetValue(source, out EmulatedImage? original) || original.Region != region || original.Owner != request.Caller.Account)
        {
            throw new Ec2ErrorException("InvalidAMIID.NotFound", $"The image id '[{source}]' does not exist");
        }

        if (original.State != "available")
        {
            throw new Ec2ErrorException("InvalidAMIID.Unavailable", $"The image id '[{source}]' is not available");
        }

        string? token = form.Text("ClientToken");
        if (token is not null && _images.Values.FirstOrDefault(image => image.ClientToken == token && image.Region == request.Region) is { } known)
        {
            return known.SourceImage == source ? Answer.Query("CopyImage", Element("imageId", known.Id)) : throw new Ec2ErrorException("IdempotentParameterMismatch", "The token was used with other parameters.");
        }

        EmulatedImage copy = new()
        {
            Id = NewId("ami"), Region = request.Region, Owner = request.Caller.Account, Name = form.RequiredText("Name"), Description = form.Text("Description") ?? original.Description,
            Architecture = original.Architecture, RootDeviceName = original.RootDeviceName, VirtualizationType = original.VirtualizationType, EnaSupport = original.EnaSupport,
            BootMode = original.BootMode, TpmSupport = original.TpmSupport, ImdsSupport = original.ImdsSupport, UefiData = original.UefiData,
            Created = Now, SourceImage = source, SourceRegion = region, ClientToken = token, Invisible = CallsUntilImageIsVisible, PendingReads = ReadsUntilImageIsAvailable,
        };
        foreach (EmulatedDevice device in original.Devices)
        {
            string? id = device.Snapshot;
            if (id is not null && _snapshots.TryGetValue(id, out EmulatedSnapshot? from))
            {
                EmulatedSnapshot to = NewSnapshot(request.Region, request.Caller.Account, from.VolumeSize, $"Copied for DestinationAmi {copy.Id} from SourceAmi {source}");
                from.CopyTo(to);
                to.State = "completed";
                foreach ((string key, string value) in form.Tags("snapshot"))
                {
                    to.Tags[key] = value;
                }

                id = to.Id;
            }

            copy.Devices.Add(device with { Snapshot = id });
        }

        foreach ((string key, string value) in form.Flag("CopyImageTags") ? original.Tags.Concat(form.Tags("image")) : form.Tags("image"))
        {
            copy.Tags[key] = value;
        }

        OnCopied?.Invoke(copy);
        _images.Add(copy.Id, copy);
        return Answer.Query("CopyImage", Element("imageId", copy.Id));
    }

    private Answer ModifyImageAttribute(Ec2Request request)
    {
        QueryForm form = request.Form!;
        EmulatedImage image = OwnImage(request, form.RequiredText("ImageId"));
        string[] Who(string kind) => [.. form.Items($"LaunchPermission.{kind}").Select(item => form.Text(item + ".UserId") ?? form.RequiredText(item + ".Group"))];
        string[] added = Who("Add");
        if (added.Contains("all") && BlocksPublicSharing)
        {
            throw new Ec2ErrorException("OperationNotPermitted", "You can't publicly share this image because block public access for AMIs is enabled for this account.");
        }

        if (added.FirstOrDefault(who => who != "all" && (who.Length != 12 || !who.All(char.IsAsciiDigit))) is { } wrong)
        {
            throw new Ec2ErrorException("InvalidAMIAttributeItemValue", $"Invalid attribute item value \"{wrong}\" for userId item type.");
        }

        image.LaunchPermissions.UnionWith(added);
        image.LaunchPermissions.ExceptWith(Who("Remove"));
        return Answer.Query("ModifyImageAttribute", Element("return", true));
    }

    private Answer EnableImageDeprecation(Ec2Request request)
    {
        EmulatedImage image = OwnImage(request, request.Form!.RequiredText("ImageId"));
        DateTimeOffset at = DateTimeOffset.Parse(request.Form!.RequiredText("DeprecateAt"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        image.Deprecated = at > Now - TimeSpan.FromMinutes(1) ? new(at.Ticks - (at.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero) : throw new Ec2ErrorException("InvalidParameterValue", "The deprecation date is in the past.");
        return Answer.Query("EnableImageDeprecation", Element("return", true));
    }

    private Answer DeregisterImage(Ec2Request request)
    {
        _images.Remove(OwnImage(request, request.Form!.RequiredText("ImageId")).Id);
        return Answer.Query("DeregisterImage", Element("return", true));
    }

    private Answer CreateTags(Ec2Request request)
    {
        QueryForm form = request.Form!;
        foreach (string id in form.List("ResourceId"))
        {
            Dictionary<string, string> tags = id.StartsWith("ami-", StringComparison.Ordinal) ? OwnImage(request, id).Tags : Own(request, id).Tags;
            foreach (string tag in form.Items("Tag"))
            {
                tags[form.RequiredText(tag + ".Key")] = form.Text(tag + ".Value") ?? "";
            }
        }

        return Answer.Query("CreateTags", Element("return", true));
    }

    private EmulatedImage OwnImage(Ec2Request request, string id) => FindImage(request, id) is { } image && image.Owner == request.Caller.Account ? image
        : throw new Ec2ErrorException("AuthFailure", $"Not authorized for image:{id}", 403);

    private EmulatedImage FindImage(Ec2Request request, string id) =>
        _images.TryGetValue(id, out EmulatedImage? image) && image.Region == request.Region && MaySee(image, request) && --image.Invisible < 0 ? image
        : throw new Ec2ErrorException("InvalidAMIID.NotFound", $"The image id '[{id}]' does not exist");

    private static bool MaySee(EmulatedImage image, Ec2Request request) =>
        image.Owner == request.Caller.Account || image.LaunchPermissions.Contains(request.Caller.Account) || image.LaunchPermissions.Contains("all");
}
