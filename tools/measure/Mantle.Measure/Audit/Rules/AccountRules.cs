using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules;

/// <summary>Applies conditions on accounts to <c>etc/passwd</c> and <c>etc/shadow</c> of every tree.</summary>
internal static class AccountRules
{
    private const int Longest = 4 << 20;
    private static readonly string[] s_noLogin = ["nologin", "false", "true", "sync", "halt", "shutdown"];
    private static readonly string[] s_folders = ["etc", "usr/etc", "usr/lib", "usr/share/base-passwd"];

    private sealed record Account(string Place, int Line, string Name, string Password, bool IsRoot, string Shell, bool HasShell);

    public static void Apply(RuleSet rules, IReadOnlyList<InspectedTree> trees, FindingList findings)
    {
        (SealRule Rule, AccountDetection Detection)[] detections =
            [.. rules.Rules.SelectMany(rule => rule.Detect.OfType<AccountDetection>().Select(detection => (rule, detection)))];
        foreach (InspectedTree tree in trees)
        {
            foreach (string folder in s_folders)
            {
                foreach (Account account in Read(tree, folder, findings))
                {
                    foreach ((SealRule rule, AccountDetection detection) in detections)
                    {
                        if (Matches(detection, account))
                        {
                            findings.Add(rule, account.Place, new Evidence(
                                $"account {account.Name}: password {account.Password}, shell {account.Shell}{(account.HasShell ? "" : ", which is not there or lets nobody in")}", Line: account.Line));
                        }
                    }
                }
            }
        }
    }

    private static bool Matches(AccountDetection detection, Account account) =>
        (detection.Name.IsEmpty || detection.Name.Matches(account.Name))
        && (detection.Password.Count == 0 || detection.Password.Contains(account.Password))
        && (detection.Shell is null || (detection.Shell == "login") == account.HasShell)
        && (detection.IsRoot is null || detection.IsRoot == account.IsRoot);

    private static IEnumerable<Account> Read(InspectedTree tree, string folder, FindingList findings)
    {
        Dictionary<string, string> hashes = new(StringComparer.Ordinal);
        foreach ((_, string[] fields) in Lines(tree, $"{folder}/shadow", findings))
        {
            hashes[fields[0]] = fields.Length > 1 ? fields[1] : "";
        }

        foreach ((int line, string[] fields) in Lines(tree, $"{folder}/passwd", findings))
        {
            if (fields.Length >= 3)
            {
                string hash = fields[1] == "x" ? hashes.GetValueOrDefault(fields[0], "!") : fields[1];
                string password = hash.Length == 0 ? "empty" : hash[0] is '!' or '*' || hash == "x" ? "locked" : "usable";
                string shell = fields.Length > 6 && fields[6].Trim() is { Length: > 0 } named ? named : "/bin/sh";
                yield return new(
                    tree.PlaceOf($"{folder}/passwd"), line, fields[0], password, fields[2].TrimStart('0').Length == 0, shell, LetsIn(tree, shell));
            }
        }
    }

    /// <summary>Whether the shell is there, below the merged /usr too, and is more than a polite refusal.</summary>
    private static bool LetsIn(InspectedTree tree, string shell) =>
        !s_noLogin.Contains(shell[(shell.LastIndexOf('/') + 1)..])
        && !shell.Contains("..", StringComparison.Ordinal) && !shell.Contains('\0', StringComparison.Ordinal)
        && (tree.Tree.TryFind(shell, out _) || tree.Tree.TryFind("usr/" + shell, out _));

    private static IEnumerable<(int Line, string[] Fields)> Lines(InspectedTree tree, string path, FindingList findings)
    {
        if (!tree.Tree.TryFind(path, out FileNode? node) || node.Kind != FileKind.Regular)
        {
            yield break;
        }

        if (node.Content.Length > Longest)
        {
            findings.AddGap(new(tree.PlaceOf(path), "text", $"an account file of {node.Content.Length:N0} bytes"));
            yield break;
        }

        string text;
        try
        {
            text = Encoding.Latin1.GetString(node.Content.ToArray());
        }
        catch (MalformedInputException e)
        {
            findings.AddGap(new(tree.PlaceOf(path), tree.Format, e.Message));
            yield break;
        }

        int number = 0;
        foreach (string line in text.Split('\n'))
        {
            number++;
            if (line.Length > 0 && line[0] is not ('#' or '+' or '-'))
            {
                yield return (number, line.Split(':'));
            }
        }
    }
}
