using System.Text;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>The section <c>.cmdline</c> with or without a newline or NUL at its end.</summary>
internal sealed class CommandLineEnding : Hypothesis
{
    public override string Id => "command-line-ending";

    public override string Name => "a newline or NUL at the end of the command line";

    public override string? Needs(ExplainContext context) =>
        context.Expected.SmallSection(".cmdline") is null && context.Expected.CommandLine is null ? "the command line" : null;

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        byte[]? section = context.Expected.SmallSection(".cmdline")
            ?? (context.Expected.CommandLine is { } text && context.Expected.Model[11]?.Events.Any(e => e.IsOf(Encoding.UTF8.GetBytes(text))) == true ? Encoding.UTF8.GetBytes(text) : null);
        if (section is null)
        {
            yield break;
        }

        List<(byte[] Content, string What)> forms =
        [
            ([.. section, (byte)'\n'], "a newline more"),
            ([.. section, 0], "a NUL more"),
            ([.. section, (byte)'\n', 0], "a newline and a NUL more"),
            ([.. section, (byte)' '], "a space more"),
        ];
        int tidy = section.AsSpan().TrimEnd("\n\0 "u8).Length;
        if (tidy < section.Length)
        {
            forms.Add((section[..tidy], $"{section.Length - tidy} byte less: no newline, space or NUL"));
        }

        foreach ((byte[] content, string what) in forms)
        {
            ModelEvent other = ModelEvent.Of(EventType.Ipl, content, "content of .cmdline", new(Prediction.EventSourceKind.Section, ".cmdline"));
            BootModel? Change(BootModel model) => model.With(11, events => events.Select(e => e.IsContentOf(".cmdline") ? other : e));
            yield return Make(
                $"section .cmdline has {what} at its end than expected: the image was built from a file with another ending",
                "build the image from the same bytes; tools differ in whether they trim a file",
                model => Change(model)?.WithUnknown(4));
            yield return Make(
                $"PCR 11 was computed for a .cmdline with {what} at its end; the image that booted has none such",
                "compute the value from the section as it is in the image",
                Change);
        }
    }
}
