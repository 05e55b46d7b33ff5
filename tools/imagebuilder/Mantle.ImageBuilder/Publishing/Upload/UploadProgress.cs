namespace Mantle.ImageBuilder.Publishing.Upload;

/// <summary>How far an upload is.</summary>
/// <param name="Region">Where to.</param>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="Done">Bytes of the image that are dealt with: sent, found to be there, or zero.</param>
/// <param name="Total">Bytes of the image.</param>
/// <param name="Sent">Bytes that this run has sent.</param>
/// <param name="Limit">Requests that may be under way: falls when EBS throttles.</param>
public sealed record UploadProgress(string Region, string Snapshot, long Done, long Total, long Sent, int Limit);
