using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.EventLogs;

/// <summary>A replay for people: events, findings, values, comparison.</summary>
public static class ReplayText
{
    /// <summary>Writes the text, lines ended by LF.</summary>
    /// <param name="replay">The replay.</param>
    /// <param name="banks">The banks to show.</param>
    /// <param name="output">Where to.</param>
    public static void Write(LogReplay replay, IReadOnlyList<TpmAlgorithm> banks, TextWriter output)
    {
        void Line(string text = "") => output.Write(text + "\n");

        Line($"{replay.Events.Count} events, {ReplayJson.NameOf(replay.Encoding)}, banks {string.Join(", ", replay.Log.Banks.Select(bank => bank.Name()))}");
        foreach (ExplainedEvent e in replay.Events)
        {
            string pcr = e.Record.Register < PcrValues.RegisterCount ? $"PCR {e.Record.Register}" : "no PCR";
            Line();
            Line($"{e.Record.Index,4}  {pcr,-6}  {e.Record.UntrustedType.SpecificationName()}: {e.Meaning}");
            Line($"              {Mark(e.Trust)} {e.Text}");
            foreach (TpmDigest digest in e.Record.IsExtended ? e.Record.Digests.Where(digest => banks.Contains(digest.Algorithm)) : [])
            {
                Line($"              {digest.Algorithm.Name(),-6} {digest}");
            }
        }

        Line();
        Line("text: \"hashed\" is what the PCR covers; \"label\" is a remark that whoever wrote the log could choose; \"WRONG\" is not what was hashed");
        if (replay.Findings.Count > 0)
        {
            Line();
            Line("findings");
            foreach (LogFinding finding in replay.Findings)
            {
                Line($"  {LevelName(finding.Defect.Level)} {finding.Defect.Id}{(finding.Event is { } index ? $", event {index}" : "")}: {finding.Evidence}");
                Line($"    {finding.Defect.Description}");
            }
        }

        WriteValues(replay, banks, Line);
    }

    internal static string LevelName(FindingLevel level) => level switch
    {
        FindingLevel.Note => "note",
        FindingLevel.Warning => "warning",
        _ => "error",
    };

    private static void WriteValues(LogReplay replay, IReadOnlyList<TpmAlgorithm> banks, Action<string> line)
    {
        foreach (TpmAlgorithm bank in replay.Values?.Banks.Where(banks.Contains) ?? [])
        {
            line("");
            line($"values, {bank.Name()}{(replay.IsWhole ? "" : " (the log is not whole: these are not the TPM's)")}");
            foreach (int index in replay.UsedPcrs)
            {
                PcrCheck? check = replay.Checks.FirstOrDefault(check => check.Bank == bank && check.Index == index);
                line($"  PCR {index,-2}  {replay.Values![bank, index]}{(check is null ? "" : $"  {ReplayJson.NameOf(check.Agreement)}")}");
                if (check is { Agreement: not PcrAgreement.Equal })
                {
                    line($"   TPM    {check.Quoted}");
                }
            }
        }

        if (replay.Checks.Count > 0)
        {
            int different = replay.Checks.Count(check => check.Agreement == PcrAgreement.Different);
            line("");
            line(different == 0 ? "the log is what the TPM measured" : $"the log is not what the TPM measured: {different} of {replay.Checks.Count} values differ");
        }
    }

    private static string Mark(TextTrust trust) => trust switch
    {
        TextTrust.Hashed => "hashed",
        TextTrust.Contradicted => "WRONG",
        TextTrust.NotMeasured => "not measured",
        _ => "label",
    };
}
