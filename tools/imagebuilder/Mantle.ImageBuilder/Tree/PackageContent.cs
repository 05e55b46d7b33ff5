using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;

namespace Mantle.ImageBuilder.Tree;

/// <summary>A package as unpacked: its files, and the control members (control, preinst, postinst, triggers, ...) by name.</summary>
public sealed record PackageContent(LockedPackage Package, FileTree Files, IReadOnlyDictionary<string, byte[]> Control);
