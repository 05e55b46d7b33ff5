using Mantle.Formats.Tree;

namespace Mantle.ImageBuilder.Packages;

/// <summary>A package as unpacked. The tree is the caller's own to change; contents are slices of the cached <c>data.tar</c>.</summary>
/// <param name="Package">Which package.</param>
/// <param name="Files">Its files. Each node's origin is the package's name.</param>
/// <param name="Control">Its control members (control, conffiles, md5sums, preinst, triggers, ...) by name.</param>
public sealed record UnpackedPackage(LockedPackage Package, FileTree Files, IReadOnlyDictionary<string, byte[]> Control);
