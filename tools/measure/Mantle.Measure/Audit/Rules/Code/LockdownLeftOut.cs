using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>
/// A word <c>lsm=</c> without lockdown in its list. The kernel then sets the level that <c>lockdown=</c> names and never asks for it
/// (Linux, security/security.c, ordered_lsm_parse; the last word counts).
/// </summary>
internal sealed class LockdownLeftOut : ICodeRule
{
    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        foreach (BootEntry entry in context.Image.BootEntries)
        {
            string? last = entry.Words.LastOrDefault(word => word.StartsWith("lsm=", StringComparison.Ordinal));
            if (last is not null && !last["lsm=".Length..].Split(',').Contains("lockdown"))
            {
                report(entry.Place, new($"word {last}"));
            }
        }
    }
}
