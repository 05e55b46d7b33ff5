using Mantle.Measure.Audit.Rules;

namespace Mantle.Measure.Audit;

/// <summary>Something that a rule found.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Place">Where: <c>root:/usr/bin/metrics</c>, <c>esp:/EFI/BOOT/BOOTX64.EFI</c>, <c>partition 4 (…)</c>; may hold names from the image, unescaped.</param>
/// <param name="Evidence">What shows it, at least one.</param>
public sealed record Finding(SealRule Rule, string Place, IReadOnlyList<Evidence> Evidence)
{
    /// <summary>The waiver that covers it, or null.</summary>
    public Waiver? Waiver { get; init; }
}
