using System.Text.Json;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.EventLogs;

/// <summary>A replay for programs: the same facts as the text.</summary>
public static class ReplayJson
{
    /// <summary>Writes the members of an object.</summary>
    public static void WriteMembers(Utf8JsonWriter json, LogReplay replay, IReadOnlyList<TpmAlgorithm> banks)
    {
        json.WriteString("encoding", NameOf(replay.Encoding));
        json.WriteBoolean("whole", replay.IsWhole);
        json.WriteStartArray("banks");
        foreach (TpmAlgorithm bank in replay.Log.Banks)
        {
            json.WriteStringValue(bank.Name());
        }

        json.WriteEndArray();
        json.WriteStartArray("events");
        foreach (ExplainedEvent e in replay.Events)
        {
            WriteEvent(json, e, banks);
        }

        json.WriteEndArray();
        json.WriteStartArray("findings");
        foreach (LogFinding finding in replay.Findings)
        {
            json.WriteStartObject();
            json.WriteString("id", finding.Defect.Id);
            json.WriteString("level", ReplayText.LevelName(finding.Defect.Level));
            if (finding.Event is { } index)
            {
                json.WriteNumber("event", index);
            }

            json.WriteString("evidence", finding.Evidence);
            json.WriteString("description", finding.Defect.Description);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("values");
        foreach (TpmAlgorithm bank in replay.Values?.Banks.Where(banks.Contains) ?? [])
        {
            json.WriteStartObject(bank.Name());
            foreach (int index in replay.UsedPcrs)
            {
                json.WriteString($"{index}", replay.Values![bank, index].ToString());
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartArray("checks");
        foreach (PcrCheck check in replay.Checks)
        {
            json.WriteStartObject();
            json.WriteString("bank", check.Bank.Name());
            json.WriteNumber("pcr", check.Index);
            json.WriteString("replayed", check.Replayed.ToString());
            json.WriteString("quoted", check.Quoted.ToString());
            json.WriteString("agreement", NameOf(check.Agreement));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    internal static string NameOf(LogEncoding encoding) => encoding switch
    {
        LogEncoding.Sha1 => "sha1",
        LogEncoding.CryptoAgile => "crypto-agile",
        _ => "canonical-json",
    };

    internal static string NameOf(PcrAgreement agreement) => agreement switch
    {
        PcrAgreement.Equal => "equal",
        PcrAgreement.Different => "different",
        _ => "not-in-log",
    };

    private static void WriteEvent(Utf8JsonWriter json, ExplainedEvent e, IReadOnlyList<TpmAlgorithm> banks)
    {
        json.WriteStartObject();
        json.WriteNumber("index", e.Record.Index);
        json.WriteNumber("pcr", e.Record.Register);
        json.WriteString("type", e.Record.UntrustedType.SpecificationName());
        json.WriteNumber("number", (uint)e.Record.UntrustedType);
        json.WriteString("meaning", e.Meaning);
        json.WriteString("text", e.Text);
        json.WriteString("trust", ExplainedEvent.NameOf(e.Trust));
        json.WriteString("owner", ExplainedEvent.NameOf(e.Owner));
        json.WriteStartObject("digests");
        foreach (TpmDigest digest in e.Record.Digests.Where(digest => banks.Contains(digest.Algorithm)))
        {
            json.WriteString(digest.Algorithm.Name(), digest.ToString());
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
