using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Mantle.Emulator.Ec2.Wire;

/// <summary>What a path of the EBS direct APIs asks for.</summary>
/// <param name="Operation">The operation; empty when there is none.</param>
/// <param name="Snapshot">The snapshot that is named, or null.</param>
/// <param name="Block">The block that is named, or null.</param>
internal sealed record EbsRoute(string Operation, string? Snapshot, int? Block)
{
    /// <summary>The route, or null for a request of the query API.</summary>
    public static EbsRoute? Find(HttpRequest request)
    {
        string[] parts = request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is not ["snapshots", ..])
        {
            return null;
        }

        return (request.Method, parts) switch
        {
            ("POST", [_]) => new("StartSnapshot", null, null),
            ("POST", [_, "completion", { } id]) => new("CompleteSnapshot", id, null),
            ("GET", [_, { } id, "blocks"]) => new("ListSnapshotBlocks", id, null),
            ("GET", [_, { } id, "changedblocks"]) => new("ListChangedBlocks", id, null),
            ("PUT", [_, { } id, "blocks", { } index]) => new("PutSnapshotBlock", id, Number(index)),
            ("GET", [_, { } id, "blocks", { } index]) => new("GetSnapshotBlock", id, Number(index)),
            _ => new("", null, null),
        };
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
}
