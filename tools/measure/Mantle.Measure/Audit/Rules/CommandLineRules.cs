using Mantle.Measure.Audit.Inspection;
using Mantle.Measure.Text;

namespace Mantle.Measure.Audit.Rules;

/// <summary>Applies conditions on command lines to every way to start a kernel.</summary>
internal static class CommandLineRules
{
    public static void Apply(RuleSet rules, IReadOnlyList<BootEntry> entries, FindingList findings)
    {
        foreach (BootEntry entry in entries)
        {
            string[] words = [.. entry.Words.Select(KernelWords.Normalise)];
            foreach (SealRule rule in rules.Rules)
            {
                foreach (CommandLineDetection detection in rule.Detect.OfType<CommandLineDetection>())
                {
                    // What an addon adds is looked at; what it leaves out is in the command line that it adds to.
                    bool isComplete = entry.Kind != "addon";
                    List<Evidence> evidence = [];
                    if (Matches(detection, entry.Words, words, isComplete, evidence))
                    {
                        findings.Add(rule, entry.Place, evidence);
                    }
                }
            }
        }
    }

    private static bool Matches(CommandLineDetection detection, IReadOnlyList<string> written, string[] words, bool isComplete, List<Evidence> evidence)
    {
        for (int i = 0; i < words.Length && !detection.Word.IsEmpty; i++)
        {
            if (detection.Word.Matches(words[i]))
            {
                evidence.Add(new($"word {i + 1} of the command line: {written[i]}", Word: written[i]));
            }
        }

        if (!detection.Word.IsEmpty && evidence.Count == 0)
        {
            return false;
        }

        if (!detection.Absent.IsEmpty)
        {
            if (!isComplete || words.Any(word => detection.Absent.Matches(word)))
            {
                return false;
            }

            evidence.Add(new($"no word {string.Join(" or ", detection.Absent.Patterns)} on the command line"));
        }

        foreach (string glob in detection.UnlessLast.Patterns)
        {
            string name = Name(glob);
            string? last = Array.FindLast(words, word => Name(word) == name);
            if (!isComplete || (last is not null && Glob.MatchesName(glob, last)))
            {
                return false;
            }

            evidence.Add(new(last is null ? $"no word {name} on the command line, {glob} is needed" : $"the last word {name} is {last}, {glob} is needed"));
        }

        return true;
    }

    private static string Name(string word) => word.Split('=', 2)[0];
}
