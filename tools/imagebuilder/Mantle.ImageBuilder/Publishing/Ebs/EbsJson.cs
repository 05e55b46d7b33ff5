using System.Text.Json.Serialization;

namespace Mantle.ImageBuilder.Publishing.Ebs;

// Bodies of the EBS direct APIs; member names are theirs.
internal sealed record StartSnapshotBody(int VolumeSize, string Description, string ClientToken, int Timeout, IReadOnlyList<TagBody> Tags);

internal sealed record TagBody(string Key, string Value);

internal sealed record SnapshotBody(string? SnapshotId, string? Status, int? BlockSize);

internal sealed record ListBlocksBody(IReadOnlyList<BlockBody>? Blocks, long VolumeSize, int BlockSize, string? NextToken);

internal sealed record BlockBody(int BlockIndex, string? BlockToken);

internal sealed record ErrorBody(
    [property: JsonPropertyName("Message")] string? Message, [property: JsonPropertyName("message")] string? LowerMessage, string? Reason, [property: JsonPropertyName("__type")] string? Type);

[JsonSourceGenerationOptions]
[JsonSerializable(typeof(StartSnapshotBody))]
[JsonSerializable(typeof(SnapshotBody))]
[JsonSerializable(typeof(ListBlocksBody))]
[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class EbsJsonContext : JsonSerializerContext;
