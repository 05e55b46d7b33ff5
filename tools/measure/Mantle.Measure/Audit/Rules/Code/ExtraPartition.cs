using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>A partition that is neither the ESP, nor a root that verity covers, nor the hash tree of one.</summary>
internal sealed class ExtraPartition : ICodeRule
{
    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        InspectedImage image = context.Image;
        int systemPartitions = 0;
        foreach (InspectedVolume volume in image.Volumes.Where(volume => volume.Partition is not null))
        {
            bool isExpected = volume.Role switch
            {
                VolumeRole.Esp => ++systemPartitions == 1,
                VolumeRole.Root => true, // RootNotProtected judges it
                VolumeRole.Verity => true,
                _ => image.Verity.Any(binding => binding.Data == volume.Place),
            };
            if (!isExpected)
            {
                report(volume.Place, new($"{volume.Format}, {volume.Content.Length:N0} bytes, neither measured nor protected"));
            }
        }
    }
}
