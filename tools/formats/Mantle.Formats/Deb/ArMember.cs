using Mantle.Formats.Bytes;

namespace Mantle.Formats.Deb;

/// <summary>One member of a Unix archive.</summary>
/// <param name="Name">Name without padding and trailing slash; printable ASCII.</param>
/// <param name="Offset">Where the content begins, in bytes from the start of the archive.</param>
/// <param name="Content">The content.</param>
public sealed record ArMember(string Name, long Offset, ByteSource Content);
