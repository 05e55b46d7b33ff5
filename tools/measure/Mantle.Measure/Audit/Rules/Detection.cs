namespace Mantle.Measure.Audit.Rules;

/// <summary>One way to detect what a rule is about: conditions that must all hold of one subject.</summary>
internal abstract record Detection;
