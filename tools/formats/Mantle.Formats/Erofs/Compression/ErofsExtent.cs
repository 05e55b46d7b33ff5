namespace Mantle.Formats.Erofs.Compression;

/// <summary>A physical cluster and where in a file its bytes come to be. The extent ends where the next one starts.</summary>
/// <param name="Start">Offset in the file in bytes.</param>
/// <param name="Source">Offset in the image in bytes.</param>
/// <param name="SourceLength">Bytes in the image, padding included.</param>
/// <param name="Algorithm">How they are compressed.</param>
/// <param name="IsPartial">More comes out of the cluster than belongs to the extent.</param>
internal readonly record struct ErofsExtent(long Start, long Source, int SourceLength, ErofsAlgorithm Algorithm, bool IsPartial);
