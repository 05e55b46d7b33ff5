using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>A root or /usr volume that no intact hash tree covers, or an image that starts a kernel and whose root is elsewhere.</summary>
internal sealed class RootNotProtected : ICodeRule
{
    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        foreach (InspectedVolume volume in context.Image.Volumes.Where(volume => volume.Role == VolumeRole.Root))
        {
            if (!context.Image.Verity.Any(binding => binding.Data == volume.Place))
            {
                report(volume.Place, new($"{volume.Format} file system without a verity hash tree that a command line names"));
            }
        }
    }
}
