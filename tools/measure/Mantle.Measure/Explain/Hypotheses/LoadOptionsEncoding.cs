using System.Text;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>PCR 9's command line as tools get it wrong: not UTF-16, without NUL, not tidied; or the initrd as it is in the section.</summary>
internal sealed class LoadOptionsEncoding : Hypothesis
{
    public override string Id => "kernel-input-encoding";

    public override string Name => "PCR 9 computed from other forms of command line or initrd";

    public override string? Needs(ExplainContext context) => context.Expected.CommandLine is null ? "the command line" : null;

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        if (context.Expected.CommandLine is not { } text)
        {
            yield break;
        }

        List<(byte[] Data, string What)> forms =
        [
            (Encoding.Unicode.GetBytes(text), "in UTF-16 without its NUL"),
            (Encoding.ASCII.GetBytes(text), "in ASCII"),
            (Encoding.ASCII.GetBytes(text + "\0"), "in ASCII with a NUL"),
            (Encoding.Unicode.GetBytes(text + "\n\0"), "with a newline at its end"),
        ];
        if (context.Expected.SmallSection(".cmdline") is { } raw && Encoding.Latin1.GetString(raw) is var untidy && untidy != text)
        {
            forms.Add((Encoding.Unicode.GetBytes(untidy + "\0"), "as it is in the section, which the stub tidies first"));
        }

        foreach ((byte[] data, string what) in forms)
        {
            ModelEvent other = ModelEvent.Of(EventType.EventTag, data, "command line");
            yield return Make(
                $"PCR 9 was computed from the command line {what}", "hash it as the kernel does: tidied, UTF-16, with NUL",
                model => model.With(9, events => events.Count == 0 ? events : [other, .. events.Skip(1)]));
        }

        yield return Make(
            "the kernel did not measure its command line", "use a kernel that does (6.12 does)",
            model => model.With(9, events => events.Skip(1)));
        yield return Make(
            "the kernel did not measure the initrd", "use a kernel that does (6.12 does)",
            model => model.With(9, events => events.Take(1)));
        if (context.Expected.Sections.FirstOrDefault(section => section.Name == ".initrd") is { } initrd)
        {
            ModelEvent? alone = null;
            yield return Make(
                "PCR 9 was computed from the section .initrd alone: the stub appends archives of its own, such as /.extra/os-release",
                "predict the initrd as the stub assembles it",
                model => model.With(9, events => events.Count != 2 ? events : [events[0], alone ??= StreamedEvent.Of(EventType.EventTag, initrd.Content, "initrd", ".initrd")]));
        }
    }
}
