using System.Text.Json;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Unbound;

/// <summary>An unbound report as text and as JSON.</summary>
public static class UnboundText
{
    /// <summary>Writes text, lines ended by LF.</summary>
    public static void Write(UnboundReport report, TextWriter output)
    {
        void Line(string text = "") => output.Write(text + "\n");

        JudgedChange[] holes = [.. report.Holes];
        JudgedChange[] open = [.. report.Open];
        JudgedChange[] harmless = [.. report.Changes.Where(change => change is { IsBound: false, Effect: ChangeEffect.NoOther or ChangeEffect.Refused })];
        Line($"bound: PCR {string.Join(", ", report.Bound)}; Secure Boot {(report.SecureBoot ? "on, and PCR 7 holds it" : "off, or not held by PCR 7")}");
        Line(holes.Length == 0
            ? $"no change that moves none of these PCRs changes what runs{(open.Length > 0 ? ", as long as the system has not what is named below" : "")}"
            : $"{holes.Length} change{(holes.Length == 1 ? "" : "s")} that move{(holes.Length == 1 ? "s" : "")} none of these PCRs change{(holes.Length == 1 ? "s" : "")} what runs");
        Section("changes what runs, unseen", holes);
        Section("depends on the system", open);
        Section("unseen, and changes nothing that runs", harmless);
        Section("seen", [.. report.Changes.Where(change => change.IsBound)]);
        foreach (string contradiction in report.Contradictions)
        {
            Line();
            Line($"CONTRADICTED by the image: {PrintedText.Escape(contradiction)}");
        }

        void Section(string title, JudgedChange[] changes)
        {
            if (changes.Length == 0)
            {
                return;
            }

            Line();
            Line(title);
            foreach (JudgedChange change in changes)
            {
                string moves = change.Change.Moves.Count == 0 ? "moves no PCR" : $"moves PCR {string.Join(", ", change.Change.Moves)}";
                Line($"  {change.Change.Id} ({change.Change.Means}): {change.Change.Description}");
                Line($"    {moves}; {change.Change.Reason}{Needs(change)}");
                if (change.Trial is { } trial)
                {
                    Line($"    tried on the image: {Describe(trial)}");
                }
            }
        }
    }

    /// <summary>Writes the members of an object.</summary>
    public static void WriteMembers(Utf8JsonWriter json, UnboundReport report)
    {
        Numbers("bound", report.Bound);
        json.WriteBoolean("secureBoot", report.SecureBoot);
        json.WriteNumber("holes", report.Holes.Count());
        json.WriteNumber("open", report.Open.Count());
        json.WriteStartArray("changes");
        foreach (JudgedChange change in report.Changes)
        {
            json.WriteStartObject();
            json.WriteString("id", change.Change.Id);
            json.WriteString("means", change.Change.Means);
            json.WriteString("description", change.Change.Description);
            Numbers("moves", change.Change.Moves);
            json.WriteBoolean("bound", change.IsBound);
            json.WriteString("effect", NameOf(change.Effect));
            json.WriteString("reason", change.Change.Reason);
            if (change.Trial is { } trial)
            {
                json.WriteStartObject("trial");
                if (trial.Moved is { } moved)
                {
                    Numbers("moved", moved);
                }

                json.WriteString("refusal", trial.Refusal);
                json.WriteString("remark", trial.Remark);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("contradictions");
        foreach (string contradiction in report.Contradictions)
        {
            json.WriteStringValue(contradiction);
        }

        json.WriteEndArray();

        void Numbers(string name, IEnumerable<int> numbers)
        {
            json.WriteStartArray(name);
            foreach (int number in numbers)
            {
                json.WriteNumberValue(number);
            }

            json.WriteEndArray();
        }
    }

    private static string Describe(ChangeTrial trial) =>
        (trial.Moved is null ? $"refused, {PrintedText.Escape(trial.Refusal ?? "")}"
            : trial.Moved.Count == 0 ? "no predicted PCR moves"
            : $"PCR {string.Join(", ", trial.Moved)} moves") + (trial.Remark is null ? "" : $"; {trial.Remark}");

    private static string Needs(JudgedChange change) => change.Effect != ChangeEffect.DependsOnSystem ? "" : change.Change.Trait switch
    {
        SystemTrait.Systemd => " (harmless without systemd)",
        SystemTrait.MetadataAgent => " (harmless without such a program)",
        _ => " (harmless with a root hash on the command line)",
    };

    private static string NameOf(ChangeEffect effect) => effect switch
    {
        ChangeEffect.NoOther => "none",
        ChangeEffect.RunsOther => "runs-other",
        ChangeEffect.Refused => "refused",
        _ => "depends-on-system",
    };
}
