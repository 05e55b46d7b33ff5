using Mantle.ImageBuilder.Publishing.Upload;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>What came of publishing.</summary>
/// <param name="Calls">What was done, or would be.</param>
/// <param name="IsDone">Whether it was.</param>
/// <param name="Images">The AMIs that there are, the first region first; a dry run lists those that exist.</param>
/// <param name="Upload">The upload of this run; null: there was nothing to upload.</param>
public sealed record PublishResult(IReadOnlyList<string> Calls, bool IsDone, IReadOnlyList<PublishedImage> Images, UploadResult? Upload);

/// <summary>An AMI in a region.</summary>
/// <param name="Region">The region.</param>
/// <param name="Id">The AMI.</param>
/// <param name="Snapshot">Its snapshot.</param>
/// <param name="Account">Whose it is.</param>
/// <param name="SharedWith">Who may launch it beside the owner, sorted.</param>
public sealed record PublishedImage(string Region, string Id, string Snapshot, string Account, IReadOnlyList<string> SharedWith);
