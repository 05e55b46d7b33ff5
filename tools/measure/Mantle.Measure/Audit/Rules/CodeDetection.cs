namespace Mantle.Measure.Audit.Rules;

/// <summary>A class of its own.</summary>
internal sealed record CodeDetection(ICodeRule Code) : Detection;
