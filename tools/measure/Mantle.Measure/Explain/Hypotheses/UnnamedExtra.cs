namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>
/// PCR 12 and 13 are extended by nothing but extras from the ESP, SMBIOS or the boot entry. That they moved names the kind of cause, though not the
/// content. Asked last.
/// </summary>
internal sealed class UnnamedExtra : Hypothesis
{
    private const string Advice = "look at the ESP (BOOTX64.EFI.extra.d, loader), at SMBIOS type 11 strings and at the boot entry; the policy must bind PCR 12 and 13";

    public override string Id => "unnamed-extra";

    public override string Name => "an extra that only its PCR tells";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        (string Sentence, int[] Moved)[] forms =
        [
            ("a system extension (*.raw) lies beside the boot file: nothing else is measured in PCR 13", [9, 13]),
            ("a credential, a configuration extension or words for the command line reached the stub from the ESP, SMBIOS or the boot entry; none of the candidate words", [9, 12]),
            ("an addon on the ESP was loaded: PCR 4 has its digest, PCR 12 what it brings", [4, 9, 12]),
            ("credentials or words, and a system extension, lie on the ESP", [9, 12, 13]),
            ("addons and system extensions lie on the ESP", [4, 9, 12, 13]),
        ];
        foreach ((string sentence, int[] moved) in forms)
        {
            if (context.Expected.Model[11] is not null && moved.Where(index => index > 9).All(index => context.Expected.Model[index] is { Events.Count: 0 }))
            {
                yield return Make(sentence, Advice, model => model.WithUnknown(moved)) with { IsCertain = true };
            }
        }
    }
}
