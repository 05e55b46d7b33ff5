using Mantle.Formats.Tree;
using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>A file on the ESP that is no UKI: what firmware, stub or process 1 would take from there is under nobody's signature.</summary>
internal sealed class EspCompanion : ICodeRule
{
    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        HashSet<string> images = [.. context.Image.EfiPrograms.Where(program => program.IsUki).Select(program => program.Place)];
        foreach (InspectedTree tree in context.Image.Trees.Where(tree => tree is { Role: TreeRole.Esp, Depth: 0 }))
        {
            foreach ((string path, FileNode node) in tree.Tree.Walk())
            {
                string place = tree.PlaceOf(path);
                if (node.Kind != FileKind.Directory && !images.Contains(place))
                {
                    report(place, new($"{node.Content.Length:N0} bytes beside the unified kernel image"));
                }
            }
        }
    }
}
