namespace Mantle.ImageBuilder.Packages;

/// <summary>How the download of one package stands.</summary>
/// <param name="Package">Which package.</param>
/// <param name="Done">Bytes that are here, those of an earlier interrupted download included.</param>
/// <param name="Total">Bytes of the whole file, as locked.</param>
/// <param name="State">What has just happened.</param>
public sealed record FetchProgress(LockedPackage Package, long Done, long Total, FetchState State);
