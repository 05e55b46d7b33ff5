using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>systemd-gpt-auto-generator in a tree, and a command line that does not switch it off (systemd-gpt-auto-generator(8)).</summary>
internal sealed class AutomaticPartitions : ICodeRule
{
    private const string Generator = "usr/lib/systemd/system-generators/systemd-gpt-auto-generator";

    private static readonly string[] s_paths = [Generator, Generator["usr/".Length..]];
    private static readonly string[] s_off = ["0", "no", "false", "off", "n", "f"];

    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        foreach (InspectedTree tree in context.Image.Trees.Where(tree => tree.Depth == 0 && tree.Role is TreeRole.Root or TreeRole.Initrd))
        {
            string? path = s_paths.FirstOrDefault(path => tree.Tree.TryFind(path, out _));
            BootEntry? open = path is null ? null : context.Image.BootEntries.FirstOrDefault(entry => entry.Kind != "addon" && !IsOff(entry, tree.Role));
            if (open is not null)
            {
                report(tree.PlaceOf(path!), new($"{open.Place} has no word systemd.gpt_auto=0"));
            }
        }
    }

    /// <summary>With "rd." in front the word is for the initrd alone; the last of several counts.</summary>
    private static bool IsOff(BootEntry entry, TreeRole role)
    {
        string? last = entry.Words.LastOrDefault(word =>
            word.StartsWith("systemd.gpt_auto=", StringComparison.Ordinal)
            || (role == TreeRole.Initrd && word.StartsWith("rd.systemd.gpt_auto=", StringComparison.Ordinal)));
        return last is not null && s_off.Contains(last[(last.IndexOf('=', StringComparison.Ordinal) + 1)..], StringComparer.OrdinalIgnoreCase);
    }
}
