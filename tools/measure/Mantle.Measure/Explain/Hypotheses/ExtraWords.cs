using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>
/// Words on the kernel command line that do not come from the image: an SMBIOS string, an addon, or a boot entry's options. They are measured in
/// PCR 12, and change the command line in PCR 9.
/// </summary>
internal sealed class ExtraWords : Hypothesis
{
    private const int MostPairs = 40;

    public override string Id => "command-line-extra";

    public override string Name => "words on the command line";

    public override string? Needs(ExplainContext context) => context.Words.Count == 0 ? "candidate words (--word)" : null;

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        const string Advice = "find who set it (SMBIOS string, loader entry, ESP); the policy must bind PCR 12";
        string? line = context.Expected.CommandLine;
        foreach (string words in Combinations(context.Words))
        {
            ModelEvent measured = ModelEvent.Words(EventType.Ipl, words, "words");
            BootModel? Measure(BootModel model) => model.With(12, events => events.Append(measured));
            BootModel? Append(BootModel? model) => SetLine(model, line is null ? null : $"{line} {words}");
            yield return Make($"an SMBIOS string added the words \"{words}\" to the command line", Advice, model => Append(Measure(model)));
            yield return Make($"an addon on the ESP added the words \"{words}\" to the command line", Advice, model => Append(Measure(model))?.WithUnknown(4));
            yield return Make(
                $"the boot entry's options replaced the command line by \"{words}\"", Advice,
                model => SetLine(Measure(model), words));
            yield return Make(
                $"a boot menu (systemd-boot) replaced the command line by \"{words}\"", Advice,
                model => SetLine(Measure(model) is { } once ? Measure(once) : null, words)?.WithUnknown(4));
        }
    }

    private static BootModel? SetLine(BootModel? model, string? line) =>
        model?[9] is null ? model
        : line is null ? model.WithUnknown(9)
        : model.With(9, events => events.Count == 0 ? events : [ModelEvent.Words(EventType.EventTag, line, "command line"), .. events.Skip(1)]) ?? model;

    private static IEnumerable<string> Combinations(IReadOnlyList<string> words)
    {
        foreach (string word in words)
        {
            yield return word;
        }

        foreach (string first in words.Take(MostPairs))
        {
            foreach (string second in words.Take(MostPairs).Where(second => second != first))
            {
                yield return $"{first} {second}";
            }
        }

        if (words.Count > 2)
        {
            yield return string.Join(' ', words);
        }
    }
}
