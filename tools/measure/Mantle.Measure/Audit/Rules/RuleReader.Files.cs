using System.Text.RegularExpressions;
using Mantle.Measure.Audit.Facts;
using Mantle.Measure.Audit.Inspection;
using Mantle.Measure.Text;

namespace Mantle.Measure.Audit.Rules;

/// <content>Conditions on files.</content>
internal sealed partial class RuleReader
{
    private FileDetection ReadFile(YamlMap map)
    {
        YamlMap? contains = map.OptionalMap("contains");
        FileDetection detection = new()
        {
            In = [.. Choices(map, "in", "esp", "root", "initrd", "data").Select(Role)],
            Path = Paths(map, "path"),
            NotPath = Paths(map, "not-path"),
            Kind = Choices(map, "kind", "file", "directory", "link", "device", "fifo", "socket", "elf", "script", "pe", "module", "unsigned-module", "archive", "text", "data", "code"),
            Elf = Choices(map, "elf", "any", "program", "static", "library", "object", "damaged"),
            Needs = Globs(map, "needs"),
            Interpreter = Globs(map, "interpreter"),
            Mode = Choices(map, "mode", "set-user-id", "set-group-id", "world-writable", "group-writable", "executable"),
            Owner = map.Has("owner") ? map.OneOf("owner", "", "root", "not-root") : null,
            Attribute = Globs(map, "xattr"),
            LinkTarget = Globs(map, "link-target"),
            ContainsAny = contains is null ? [] : Patterns(contains, "any"),
            ContainsAll = contains is null ? [] : Patterns(contains, "all"),
            ContainsNone = contains is null ? [] : Patterns(contains, "none"),
            Line = [.. map.Texts("line").Select(line => Expression(map, line.Value))],
            Setting = [.. map.Texts("setting", text => text.IndexOf('=', StringComparison.Ordinal) > 0 ? null : "key=value").Select(text => text.Value)],
        };
        contains?.Finish();
        bool isBounded = detection.Path.Count + detection.Kind.Count + detection.Elf.Count + detection.Mode.Count > 0
            || !detection.Attribute.IsEmpty || !detection.LinkTarget.IsEmpty || !detection.Interpreter.IsEmpty || !detection.Needs.IsEmpty
            || detection.NeedsContent || detection.Owner is not null;
        return detection.NeedsText && detection.Path.Count == 0 && detection.Kind.Count == 0
            ? throw map.Refuse("line", "\"line\" and \"setting\" need a \"path\" or a \"kind\": they read whole files")
            : isBounded ? detection : throw map.Refuse("in", "these conditions hold of every file");
    }

    private static TreeRole Role(string name) => name switch
    {
        "esp" => TreeRole.Esp,
        "root" => TreeRole.Root,
        "initrd" => TreeRole.Initrd,
        _ => TreeRole.Data,
    };

    private static IReadOnlyList<Glob> Paths(YamlMap map, string key) =>
        [.. map.Texts(key, text => text.StartsWith('/') || text.EndsWith('/') ? "a glob over a path without a slash at either end" : null)
            .Select(text => new Glob(text.Value))];

    private List<int> Patterns(YamlMap map, string key)
    {
        List<int> indexes = [];
        foreach (Located<string> text in map.Texts(key, Bytes))
        {
            if (!_indexes.TryGetValue(text.Value, out int index))
            {
                index = _patterns.Count;
                _patterns.Add(text.Value);
                _indexes.Add(text.Value, index);
            }

            indexes.Add(index);
        }

        return indexes;
    }

    private static string? Bytes(string text) => text.Length < BytePatterns.Shortest || text.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff')
        ? $"at least {BytePatterns.Shortest} bytes, each written as one character up to U+00FF"
        : null;

    private static Regex Expression(YamlMap map, string pattern)
    {
        try
        {
            // Without backtracking a line takes time in proportion to its length, whatever the expression.
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw map.Refuse("line", $"\"{pattern}\" is no regular expression that works without backtracking");
        }
    }
}
