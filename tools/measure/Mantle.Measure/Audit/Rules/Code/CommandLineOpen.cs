using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>A kernel without a command line of its own: whoever starts it gives one.</summary>
internal sealed class CommandLineOpen : ICodeRule
{
    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        foreach (BootEntry entry in context.Image.BootEntries.Where(entry => entry.CommandLine is null && entry.Kind != "addon"))
        {
            report(entry.Place, new(entry.Kind == "uki" ? "no section \".cmdline\", or an empty one" : $"{entry.Kind} without a command line"));
        }
    }
}
