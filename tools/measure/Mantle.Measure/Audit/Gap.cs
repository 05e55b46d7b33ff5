namespace Mantle.Measure.Audit;

/// <summary>Something that the audit could not look into. With one of these an image is never called sealed.</summary>
/// <param name="Place">Where it is.</param>
/// <param name="Format">What it seems to be: <c>squashfs</c>, <c>luks</c>, <c>unknown</c>.</param>
/// <param name="Reason">Why it could not be read: lower case, no final period.</param>
public sealed record Gap(string Place, string Format, string Reason);
