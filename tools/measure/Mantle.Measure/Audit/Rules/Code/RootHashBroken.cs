using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>A root hash that the hash tree and the data of the image do not lead to.</summary>
internal sealed class RootHashBroken : ICodeRule
{
    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        // A UKI by itself has no volumes to check the hash against.
        if (context.Image.Kind != "disk")
        {
            return;
        }

        foreach (VerityBinding binding in context.Image.Verity.Where(binding => !binding.IsIntact))
        {
            report(binding.BootEntry, new($"{binding.Word}: {binding.Problem}"));
        }
    }
}
