namespace Mantle.Measure.Audit.Rules;

/// <summary>A detection that data cannot describe. Its class name stands behind <c>code:</c>; <see cref="CodeRules"/> lists all.</summary>
internal interface ICodeRule
{
    /// <summary>Looks at the image and reports what it finds.</summary>
    /// <param name="context">Everything that is known of the image.</param>
    /// <param name="report">Takes the place and the evidence of each finding.</param>
    void Check(AuditContext context, Action<string, Evidence> report);
}
