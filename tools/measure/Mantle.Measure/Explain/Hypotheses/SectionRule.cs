using System.Text;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>PCR 11 as tools get it wrong: a section left out, names without their NUL, another order.</summary>
internal sealed class SectionRule : Hypothesis
{
    /// <summary>The order of UAPI.5's text, which no stub follows.</summary>
    private static readonly string[] s_specificationOrder =
        [".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".dtbauto", ".efifw", ".hwids", ".uname", ".sbat", ".pcrpkey", ".profile"];

    public override string Id => "section-rule";

    public override string Name => "a section not measured, or measured by another rule";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        const string Advice = "give the tool that computed the value every section, also .sbat, which the stub brings along";
        string[] sections = [.. context.Expected.Model[11]?.Events.Select(e => e.Source.Name).Distinct() ?? []];
        foreach (string section in sections)
        {
            yield return Make(
                $"section {section} is not in PCR 11: the value was computed without it, or the image has none", Advice,
                model => model.With(11, events => events.Where(e => e.Source.Name != section)));
        }

        yield return Make(
            "the names of the sections were hashed without their NUL", Advice,
            model => model.With(11, events => events.Select(e => e.IsNameOf(e.Source.Name)
                ? ModelEvent.Of(EventType.Ipl, Encoding.ASCII.GetBytes(e.Source.Name), "name", e.Source)
                : e)));
        yield return Make(
            "only the contents of the sections were hashed, not their names", Advice,
            model => model.With(11, events => events.Where(e => !e.IsNameOf(e.Source.Name))));
        yield return Make(
            "the sections were measured in the order of the specification's text, not in the stub's", Advice,
            model => model.With(11, events => s_specificationOrder.SelectMany(section => events.Where(e => e.Source.Name == section))));
        string[] inFile = [.. context.Expected.Sections.Select(section => section.Name)];
        if (inFile.Length > 0)
        {
            yield return Make(
                "the sections were measured in the order of the file, not in the stub's", Advice,
                model => model.With(11, events => inFile.SelectMany(section => events.Where(e => e.Source.Name == section))));
        }
    }
}
