using System.Globalization;
using Mantle.Emulator.Ec2.Ebs;
using Mantle.Emulator.Ec2.Images;
using Mantle.Emulator.Ec2.Wire;

namespace Mantle.Emulator.Ec2;

/// <summary>Snapshots and images of all regions and accounts, and what each operation does with them.</summary>
public sealed partial class Ec2Service : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Ec2Options _options;
    private readonly Dictionary<string, EmulatedSnapshot> _snapshots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EmulatedImage> _images = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<Ec2Request, Answer>> _operations;
    private long _number;

    internal Ec2Service(Ec2Options options)
    {
        _options = options;
        _operations = new(StringComparer.Ordinal)
        {
            ["StartSnapshot"] = StartSnapshot,
            ["PutSnapshotBlock"] = PutSnapshotBlock,
            ["CompleteSnapshot"] = CompleteSnapshot,
            ["ListSnapshotBlocks"] = ListSnapshotBlocks,
            ["GetSnapshotBlock"] = GetSnapshotBlock,
            ["DescribeSnapshots"] = DescribeSnapshots,
            ["DeleteSnapshot"] = DeleteSnapshot,
            ["ModifySnapshotAttribute"] = ModifySnapshotAttribute,
            ["DescribeSnapshotAttribute"] = DescribeSnapshotAttribute,
            ["RegisterImage"] = RegisterImage,
            ["DescribeImages"] = DescribeImages,
            ["DescribeImageAttribute"] = DescribeImageAttribute,
            ["CopyImage"] = CopyImage,
            ["ModifyImageAttribute"] = ModifyImageAttribute,
            ["EnableImageDeprecation"] = EnableImageDeprecation,
            ["CreateTags"] = CreateTags,
            ["DeregisterImage"] = DeregisterImage,
            ["GetSerialConsoleAccessStatus"] = _ => Answer.Query("GetSerialConsoleAccessStatus", Element("serialConsoleAccessEnabled", SerialConsoleAccess)),
        };
    }

    /// <summary>What becomes of a copied image besides.</summary>
    public Action<EmulatedImage>? OnCopied { get; set; }

    /// <summary>Every snapshot of every region.</summary>
    public IReadOnlyList<EmulatedSnapshot> Snapshots
    {
        get
        {
            lock (_lock)
            {
                return [.. _snapshots.Values];
            }
        }
    }

    /// <summary>Every image of every region.</summary>
    public IReadOnlyList<EmulatedImage> Images
    {
        get
        {
            lock (_lock)
            {
                return [.. _images.Values];
            }
        }
    }

    /// <summary>Whether the account's serial console is switched on.</summary>
    public bool SerialConsoleAccess { get; set; }

    /// <summary>How many calls that name a new snapshot do not find it yet.</summary>
    public int CallsUntilSnapshotIsVisible { get; set; }

    /// <summary>How many descriptions of a completed snapshot still say "pending".</summary>
    public int ReadsUntilSnapshotCompletes { get; set; }

    /// <summary>How many calls that name a new image do not find it yet.</summary>
    public int CallsUntilImageIsVisible { get; set; }

    /// <summary>How many descriptions of a new image, or copy, still say "pending".</summary>
    public int ReadsUntilImageIsAvailable { get; set; }

    /// <summary>Snapshots that an account may have pending at a time.</summary>
    public int MaximumPendingSnapshots { get; set; } = 100;

    /// <summary>Snapshots that an account may have in a region.</summary>
    public int MaximumSnapshots { get; set; } = 100_000;

    /// <summary>Most blocks that may be put at the same time; more are throttled.</summary>
    public int MaximumPutsAtOnce { get; set; } = int.MaxValue;

    /// <summary>Most members of a page; the API's own limit is higher.</summary>
    public int PageSize { get; set; } = 10_000;

    /// <summary>Whether "block public access for AMIs" is on.</summary>
    public bool BlocksPublicSharing { get; set; }

    /// <summary>Does one operation.</summary>
    internal Answer Execute(string operation, Ec2Request request)
    {
        Func<Ec2Request, Answer> run = _operations.GetValueOrDefault(operation) ?? throw new Ec2ErrorException(
            request.Form is null ? "UnknownOperationException" : "InvalidAction", $"The action {operation} is not valid for this web service.", request.Form is null ? 404 : 400);
        if (request.Caller.Denied.Contains(operation))
        {
            throw request.Form is null
                ? new Ec2ErrorException("AccessDeniedException", $"User is not authorized to perform: ebs:{operation}", 403)
                : new Ec2ErrorException("UnauthorizedOperation", $"You are not authorized to perform this operation. ec2:{operation}", 403);
        }

        // Blocks are put side by side; everything else is short.
        if (operation is "PutSnapshotBlock" or "GetSnapshotBlock")
        {
            return run(request);
        }

        lock (_lock)
        {
            return run(request);
        }
    }

    public void Dispose()
    {
        foreach (EmulatedSnapshot snapshot in Snapshots)
        {
            snapshot.Dispose();
        }
    }

    private string NewId(string prefix) => string.Create(CultureInfo.InvariantCulture, $"{prefix}-0{++_number:x16}");

    private DateTimeOffset Now => _options.Time.GetUtcNow();

    private static System.Xml.Linq.XElement Element(string name, object? content) => new(name, content is bool flag ? (flag ? "true" : "false") : content);

    private static System.Xml.Linq.XElement TagSet(Dictionary<string, string> tags) =>
        new("tagSet", tags.Select(tag => new System.Xml.Linq.XElement("item", Element("key", tag.Key), Element("value", tag.Value))));

    /// <summary>Whether tags meet the filters <c>tag:KEY</c> and <c>tag-key</c>; null for a filter that is about something else.</summary>
    private static bool? MeetsTag(Dictionary<string, string> tags, string filter, IReadOnlyList<string> values) =>
        filter == "tag-key" ? values.Any(tags.ContainsKey)
        : filter.StartsWith("tag:", StringComparison.Ordinal) ? tags.TryGetValue(filter[4..], out string? value) && values.Contains(value)
        : null;
}
