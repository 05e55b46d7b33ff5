using Mantle.Formats.Pe;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>A PE file that firmware could start.</summary>
/// <param name="Place">Where it is.</param>
/// <param name="Image">Its headers.</param>
/// <param name="IsUki">Whether it has a section <c>.linux</c>.</param>
/// <param name="IsAddon">Whether it has a section <c>.cmdline</c> but no kernel: what systemd-stub takes from <c>*.addon.efi</c>.</param>
public sealed record EfiProgram(string Place, PeImage Image, bool IsUki, bool IsAddon);
