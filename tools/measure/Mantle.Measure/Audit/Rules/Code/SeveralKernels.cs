using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>Every way to start a kernel behind the first.</summary>
internal sealed class SeveralKernels : ICodeRule
{
    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        BootEntry[] entries = [.. context.Image.BootEntries.Where(entry => entry.Kind != "addon")];
        foreach (BootEntry entry in entries.Skip(1))
        {
            report(entry.Place, new($"{entry.Kind} beside {entries[0].Place}"));
        }
    }
}
