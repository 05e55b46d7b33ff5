namespace Mantle.Measure.Release;

/// <summary>What a release states of its audit.</summary>
/// <param name="Verdict">One of <c>sealed</c>, <c>findings</c>, <c>not-audited</c>; policies accept only the first.</param>
/// <param name="RulesSha256">The digest of the seal rules that were applied.</param>
/// <param name="Waived">How many findings a waiver covers.</param>
public sealed record ReleaseAudit(string Verdict, string RulesSha256, long Waived);
