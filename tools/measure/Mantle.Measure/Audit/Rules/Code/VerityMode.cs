using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>
/// Verity set up by systemd or by the kernel's own dm-mod.create, with an answer to corruption other than panic or restart. What another process 1 asks
/// for is not on the command line.
/// </summary>
internal sealed class VerityMode : ICodeRule
{
    private static readonly string[] s_safe = ["panic-on-corruption", "restart-on-corruption", "panic_on_corruption", "restart_on_corruption"];
    private static readonly string[] s_tables = ["dm_mod.create=", "dm=", "systemd.verity_root_options=", "systemd.verity_usr_options="];

    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        foreach (BootEntry entry in context.Image.BootEntries)
        {
            bool isSafe = false;
            foreach (string word in entry.Words.Where(word => s_tables.Any(table => KernelWords.Normalise(word).StartsWith(table, StringComparison.Ordinal))))
            {
                bool ignores = word.Contains("ignore-corruption", StringComparison.Ordinal) || word.Contains("ignore_corruption", StringComparison.Ordinal);
                bool wordIsSafe = !ignores && s_safe.Any(mode => word.Contains(mode, StringComparison.Ordinal));
                isSafe |= wordIsSafe;
                if (!wordIsSafe && (ignores || word.Contains("verity", StringComparison.Ordinal)))
                {
                    report(entry.Place, new(word));
                }
            }

            if (!isSafe && entry.Words.Any(word => word.StartsWith("roothash=", StringComparison.Ordinal))
                && entry.Initrds.Any(tree => tree.Tree.TryFind("usr/lib/systemd/systemd-veritysetup", out _)))
            {
                report(entry.Place, new("systemd-veritysetup with no panic-on-corruption or restart-on-corruption in systemd.verity_root_options="));
            }
        }
    }
}
