using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules;

/// <summary>What a rule that is a class may look at.</summary>
/// <param name="Image">The image, taken apart.</param>
/// <param name="Units">The systemd units of each tree that has any.</param>
internal sealed record AuditContext(InspectedImage Image, IReadOnlyList<UnitCatalog> Units);
