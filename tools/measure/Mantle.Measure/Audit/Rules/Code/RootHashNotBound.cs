using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>A way to start a kernel of a disk with a root whose command line names no root hash, or more than one.</summary>
internal sealed class RootHashNotBound : ICodeRule
{
    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        if (!context.Image.Volumes.Any(volume => volume.Role == VolumeRole.Root))
        {
            return;
        }

        foreach (BootEntry entry in context.Image.BootEntries.Where(entry => entry.Kind != "addon"))
        {
            string[] words = [.. entry.Words.Where(word => word.StartsWith("roothash=", StringComparison.Ordinal) || word.StartsWith("usrhash=", StringComparison.Ordinal))];
            if (words.Length == 0)
            {
                report(entry.Place, new("no word \"roothash=\" on its command line"));
            }
            else if (words.GroupBy(word => word.Split('=')[0]).Any(group => group.Count() > 1))
            {
                report(entry.Place, new($"more than one root hash: {string.Join(' ', words)}"));
            }
        }
    }
}
