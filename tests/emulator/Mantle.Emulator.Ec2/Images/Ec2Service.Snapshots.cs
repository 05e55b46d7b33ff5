using System.Xml.Linq;
using Mantle.Emulator.Ec2.Ebs;
using Mantle.Emulator.Ec2.Wire;

namespace Mantle.Emulator.Ec2;

/// <summary>Snapshots by the query API (EC2 API Reference).</summary>
public sealed partial class Ec2Service
{
    private Answer DescribeSnapshots(Ec2Request request)
    {
        QueryForm form = request.Form!;
        IReadOnlyList<string> ids = form.List("SnapshotId");
        IEnumerable<EmulatedSnapshot> found = ids.Count > 0
            ? ids.Select(id => FindSnapshot(request, id)).ToArray()
            : _snapshots.Values.Where(snapshot => snapshot.Region == request.Region && MaySee(snapshot, request));
        string[] owners = [.. form.List("Owner").Select(owner => owner == "self" ? request.Caller.Account : owner)];
        found = found.Where(snapshot => owners.Length == 0 || owners.Contains(snapshot.Owner));
        foreach ((string name, IReadOnlyList<string> values) in form.Filters())
        {
            found = found.Where(snapshot => MeetsTag(snapshot.Tags, name, values) ?? name switch
            {
                "status" => values.Contains(snapshot.State),
                _ => throw new Ec2ErrorException("InvalidParameterValue", $"The filter '{name}' is invalid"),
            });
        }

        return Answer.Query("DescribeSnapshots", new XElement("snapshotSet", found.ToArray().Select(snapshot =>
        {
            string state = snapshot.State == "completed" && --snapshot.PendingReads >= 0 ? "pending" : snapshot.State;
            return new XElement(
                "item",
                Element("snapshotId", snapshot.Id),
                Element("status", state),
                Element("progress", state == "completed" ? "100%" : "0%"),
                Element("startTime", Answer.Time(snapshot.Started)),
                Element("ownerId", snapshot.Owner),
                Element("volumeSize", snapshot.VolumeSize),
                Element("volumeId", "vol-ffffffff"),
                Element("description", snapshot.Description),
                Element("encrypted", false),
                Element("storageTier", "standard"),
                TagSet(snapshot.Tags));
        })));
    }

    private Answer DeleteSnapshot(Ec2Request request)
    {
        EmulatedSnapshot snapshot = Own(request, request.Form!.RequiredText("SnapshotId"));
        if (_images.Values.FirstOrDefault(image => image.Devices.Exists(device => device.Snapshot == snapshot.Id)) is { } user)
        {
            throw new Ec2ErrorException("InvalidSnapshot.InUse", $"The snapshot {snapshot.Id} is currently in use by {user.Id}");
        }

        _snapshots.Remove(snapshot.Id);
        snapshot.Dispose();
        File.Delete(snapshot.Path);
        return Answer.Query("DeleteSnapshot", Element("return", true));
    }

    private Answer ModifySnapshotAttribute(Ec2Request request)
    {
        QueryForm form = request.Form!;
        EmulatedSnapshot snapshot = Own(request, form.RequiredText("SnapshotId"));
        string[] Who(string kind) => [.. form.Items($"CreateVolumePermission.{kind}").Select(item => form.Text(item + ".UserId") ?? form.RequiredText(item + ".Group"))];
        snapshot.SharedWith.UnionWith(Who("Add"));
        snapshot.SharedWith.ExceptWith(Who("Remove"));
        return Answer.Query("ModifySnapshotAttribute", Element("return", true));
    }

    private Answer DescribeSnapshotAttribute(Ec2Request request)
    {
        EmulatedSnapshot snapshot = Own(request, request.Form!.RequiredText("SnapshotId"));
        return Answer.Query(
            "DescribeSnapshotAttribute",
            Element("snapshotId", snapshot.Id),
            new XElement("createVolumePermission", snapshot.SharedWith.Select(who => new XElement("item", who == "all" ? Element("group", "all") : Element("userId", who)))));
    }

    private EmulatedSnapshot Own(Ec2Request request, string id) => FindSnapshot(request, id) is { } snapshot && snapshot.Owner == request.Caller.Account ? snapshot
        : throw new Ec2ErrorException("UnauthorizedOperation", "You are not authorized to perform this operation.", 403);

    private EmulatedSnapshot FindSnapshot(Ec2Request request, string id) =>
        _snapshots.TryGetValue(id, out EmulatedSnapshot? snapshot) && snapshot.Region == request.Region && MaySee(snapshot, request) && --snapshot.Invisible < 0 ? snapshot
        : throw new Ec2ErrorException("InvalidSnapshot.NotFound", $"The snapshot '{id}' does not exist.");

    private static bool MaySee(EmulatedSnapshot snapshot, Ec2Request request) =>
        snapshot.Owner == request.Caller.Account || snapshot.SharedWith.Contains(request.Caller.Account) || snapshot.SharedWith.Contains("all");
}
