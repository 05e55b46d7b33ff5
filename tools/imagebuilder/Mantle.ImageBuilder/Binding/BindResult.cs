using Mantle.Measure.Checking;

namespace Mantle.ImageBuilder.Binding;

/// <summary>What came of a binding.</summary>
/// <param name="KeyArn">The key; null when it would have to be created.</param>
/// <param name="Changes">What was changed, or would be.</param>
/// <param name="IsDone">Whether it was.</param>
/// <param name="Report">The key held against the plan afterwards; null when nothing was done.</param>
public sealed record BindResult(string? KeyArn, IReadOnlyList<string> Changes, bool IsDone, CheckReport? Report);
