using System.Text.RegularExpressions;
using Mantle.Measure.Text;

namespace Mantle.Measure.Audit.Rules;

/// <summary>Reads rules strictly: unknown and duplicate keys, unknown values and rules that could never hold are refused with file, line and column.</summary>
internal sealed partial class RuleReader
{
    private const string Noun = "a rule file";
    private const long MaximumSize = 4 << 20;

    private static readonly string[] s_subjects = ["unit", "account", "command-line", "kernel", "code"];

    private readonly List<string> _patterns = [];
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);

    private RuleReader()
    {
    }

    public static RuleSet Read(string path) => Parse(path, YamlDocument.ReadText(path, Noun, MaximumSize, "name the rules: --rules path/to/seal.yaml"));

    public static RuleSet Parse(string path, string text)
    {
        RuleReader reader = new();
        YamlMap map = new(path, "rule file", YamlDocument.Load(path, text, Noun));
        map.Number("format", 1, 1);
        HashSet<string> ids = new(StringComparer.Ordinal);
        List<SealRule> rules = [];
        foreach (YamlMap rule in map.Maps("rules"))
        {
            SealRule read = reader.ReadRule(rule);
            if (!ids.Add(read.Id))
            {
                throw rule.Refuse("id", $"two rules have the identifier \"{read.Id}\"");
            }

            rules.Add(read);
        }

        map.Finish();
        return rules.Count > 0
            ? new RuleSet(rules, reader._patterns, RuleSet.DigestOf(text))
            : throw map.Refuse("rules", "there are no rules, so every image would be sealed");
    }

    private SealRule ReadRule(YamlMap map)
    {
        SealRule rule = new()
        {
            Id = map.Text("id", text => IdPattern().IsMatch(text) ? null : "an identifier such as SSH-001"),
            Family = map.Text("family", text => FamilyPattern().IsMatch(text) ? null : "lower-case words with hyphens"),
            Severity = map.Text("severity", text => SeverityOf(text) is null ? "critical, high, medium or low" : null) switch
            {
                "critical" => Severity.Critical,
                "high" => Severity.High,
                "medium" => Severity.Medium,
                _ => Severity.Low,
            },
            Title = map.Text("title", Sentence),
            Why = map.Text("why", Sentence),
            Fix = map.Text("fix", Sentence),
            Detect = [.. map.Maps("detect").Select(ReadDetection)],
        };
        map.Finish();
        return rule.Detect.Count > 0 ? rule : throw map.Refuse("detect", $"rule {rule.Id} detects nothing");
    }

    private static Severity? SeverityOf(string text) => text is "critical" or "high" or "medium" or "low" ? Severity.Low : null;

    private static string? Sentence(string text) => text.Length >= 8 ? null : "a sentence";

    private Detection ReadDetection(YamlMap map)
    {
        string[] subjects = [.. s_subjects.Where(map.Has)];
        Detection detection = subjects switch
        {
            [] => ReadFile(map),
            ["unit"] => ReadUnit(map.Map("unit")),
            ["account"] => ReadAccount(map.Map("account")),
            ["command-line"] => ReadCommandLine(map.Map("command-line")),
            ["kernel"] => ReadKernel(map.Map("kernel")),
            ["code"] => ReadCode(map),
            _ => throw map.Refuse(subjects[1], $"one detection is about one subject; \"{subjects[0]}\" and \"{subjects[1]}\" need one each"),
        };
        map.Finish();
        return detection;
    }

    private static UnitDetection ReadUnit(YamlMap map)
    {
        UnitDetection detection = new()
        {
            Name = Globs(map, "name"),
            Enabled = map.Has("enabled") ? map.Flag("enabled") : null,
            Directive = new([.. map.Texts("directive", Directive).Select(text => text.Value)]),
            With = new([.. map.Texts("with", Directive).Select(text => text.Value)]),
        };
        map.Finish();
        return detection.Name.IsEmpty && detection.Directive.IsEmpty ? throw map.Refuse("name", "a unit needs a \"name\" or a \"directive\"") : detection;
    }

    private static AccountDetection ReadAccount(YamlMap map)
    {
        AccountDetection detection = new()
        {
            Name = Globs(map, "name"),
            Password = Choices(map, "password", "usable", "empty", "locked"),
            Shell = map.Has("shell") ? map.OneOf("shell", "", "login", "none") : null,
            IsRoot = map.Has("root") ? map.Flag("root") : null,
        };
        map.Finish();
        return detection;
    }

    private static CommandLineDetection ReadCommandLine(YamlMap map)
    {
        CommandLineDetection detection = new()
        {
            Word = Words(map, "word"),
            Absent = Words(map, "absent"),
            UnlessLast = Words(map, "unless-last"),
        };
        map.Finish();
        return detection.Word.IsEmpty && detection.Absent.IsEmpty && detection.UnlessLast.IsEmpty
            ? throw map.Refuse("word", "a command line needs \"word\", \"absent\" or \"unless-last\"")
            : detection;
    }

    private static KernelDetection ReadKernel(YamlMap map)
    {
        KernelDetection detection = new()
        {
            Option = new([.. map.Texts("option", Option).Select(text => text.Value)]),
            Without = new([.. map.Texts("without", Option).Select(text => text.Value)]),
            Lacks = [.. map.Texts("lacks", Bytes).Select(text => text.Value)],
        };
        map.Finish();
        return detection.Option.IsEmpty && detection.Without.IsEmpty && detection.Lacks.Count == 0
            ? throw map.Refuse("option", "a kernel needs \"option\", \"without\" or \"lacks\"")
            : detection;
    }

    private static string? Option(string text) =>
        text.StartsWith("CONFIG_", StringComparison.Ordinal) && text.Contains('=', StringComparison.Ordinal) ? null : "an option such as CONFIG_MODULE_SIG=y";

    private static CodeDetection ReadCode(YamlMap map)
    {
        string name = map.Text("code", text => CodeRules.All.ContainsKey(text)
            ? null
            : $"one of {string.Join(", ", CodeRules.All.Keys.Order(StringComparer.Ordinal))}");
        return new(CodeRules.All[name]);
    }

    private static string? Directive(string text)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return dot > 0 && equals > dot + 1 ? null : "a directive such as Service.ExecStart=*agetty*";
    }

    private static TextGlobs Globs(YamlMap map, string key) => new([.. map.Texts(key).Select(text => text.Value)]);

    private static TextGlobs Words(YamlMap map, string key) => new([.. map.Texts(key).Select(text => Inspection.KernelWords.Normalise(text.Value))]);

    private static IReadOnlyList<string> Choices(YamlMap map, string key, params string[] allowed) =>
        [.. map.Texts(key, text => allowed.Contains(text) ? null : $"one of {string.Join(", ", allowed)}").Select(text => text.Value)];

    [GeneratedRegex("^[A-Z][A-Z0-9]{1,15}-[0-9]{3}\\z")]
    private static partial Regex IdPattern();

    [GeneratedRegex("^[a-z][a-z0-9-]{2,39}\\z")]
    private static partial Regex FamilyPattern();
}
