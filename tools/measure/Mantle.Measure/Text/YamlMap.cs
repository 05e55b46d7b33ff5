using System.Globalization;
using Mantle.Formats.Bytes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Mantle.Measure.Text;

/// <summary>
/// A YAML mapping read key by key. Every refusal names file, line and column and what would be right; <see cref="Finish"/> refuses the keys
/// that nobody asked for.
/// </summary>
internal sealed class YamlMap
{
    private readonly string _file;
    private readonly YamlMappingNode _node;
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);
    private readonly List<string> _asked = [];

    public YamlMap(string file, string name, YamlNode node)
    {
        _file = file;
        Name = name;
        _node = node as YamlMappingNode ?? throw Refuse(node, $"\"{name}\" must be a mapping (key: value)");
        foreach ((YamlNode key, YamlNode value) in _node.Children)
        {
            // Two keys that differ in their tags alone are two nodes to the parser.
            string text = key is YamlScalarNode { Value: { } plain, Tag.IsEmpty: true } ? plain : throw Refuse(key, "a key must be plain text");
            if (!_values.TryAdd(text, value))
            {
                throw Refuse(key, $"duplicate key \"{text}\"");
            }
        }
    }

    public string Name { get; }

    public string Position => PositionOf(_node);

    public bool Has(string key) => _values.ContainsKey(key);

    public string Text(string key) => Scalar(key, Take(key));

    public string Text(string key, string otherwise) => TryTake(key, out YamlNode? node) ? Scalar(key, node) : otherwise;

    public string? OptionalText(string key) => TryTake(key, out YamlNode? node) ? Scalar(key, node) : null;

    public string? OptionalText(string key, Func<string, string?> check)
    {
        if (Has(key))
        {
            return Text(key, check);
        }

        _asked.Add(key);
        return null;
    }

    /// <summary>Text that a check accepts; the check returns what would be right, or null.</summary>
    public string Text(string key, Func<string, string?> check)
    {
        YamlNode node = Take(key);
        string text = Scalar(key, node);
        return check(text) is { } right ? throw Refuse(node, $"\"{key}\" is \"{text}\"; it must be {right}") : text;
    }

    public DateOnly Date(string key)
    {
        DateOnly date = default;
        Text(key, text => UtcTime.TryParseDay(text, out date) ? null : "a date such as 2027-01-31");
        return date;
    }

    public DateTimeOffset Time(string key)
    {
        DateTimeOffset time = default;
        Text(key, text => UtcTime.TryParse(text, out time) ? null : "a time such as 2026-12-31T00:00:00Z");
        return time;
    }

    public string OneOf(string key, string otherwise, params string[] allowed) =>
        !Has(key) ? Mark(key, otherwise) : Text(key, text => allowed.Contains(text) ? null : $"one of {string.Join(", ", allowed)}");

    public long Number(string key, long least, long most)
    {
        YamlNode node = Take(key);
        string text = Scalar(key, node);
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most
            ? value
            : throw Refuse(node, $"\"{key}\" is \"{text}\"; it must be a whole number from {least} to {most}");
    }

    /// <summary>A size such as <c>64 MiB</c>, in bytes.</summary>
    public long Size(string key, long otherwise, long multipleOf)
    {
        if (!TryTake(key, out YamlNode? node))
        {
            return otherwise;
        }

        string text = Scalar(key, node);
        string[] parts = text.Split(' ', 2);
        int shift = parts.Length == 2 ? Array.IndexOf(["B", "KiB", "MiB", "GiB"], parts[1]) * 10 : -1;
        if (shift < 0 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            || count <= 0 || count > long.MaxValue >> 40 || (count << shift) % multipleOf != 0)
        {
            throw Refuse(node, $"\"{key}\" is \"{text}\"; it must be a size such as \"64 MiB\", a multiple of {multipleOf:N0} bytes");
        }

        return count << shift;
    }

    /// <summary>A time such as <c>500ms</c> or <c>10s</c>.</summary>
    public TimeSpan Duration(string key, TimeSpan otherwise)
    {
        if (!TryTake(key, out YamlNode? node))
        {
            return otherwise;
        }

        string text = Scalar(key, node);
        (string digits, int unit) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 1)
            : text.EndsWith('s') ? (text[..^1], 1000) : ("", 0);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= 3_600_000 / unit
            ? TimeSpan.FromMilliseconds((long)count * unit)
            : throw Refuse(node, $"\"{key}\" is \"{text}\"; it must be a time such as \"500ms\" or \"10s\", at most one hour");
    }

    public bool Flag(string key) => TryTake(key, out YamlNode? node) && Scalar(key, node) switch
    {
        "true" => true,
        "false" => false,
        string text => throw Refuse(node, $"\"{key}\" is \"{text}\"; it must be true or false"),
    };

    public YamlMap Map(string key) => new(_file, key, Take(key));

    public YamlMap? OptionalMap(string key) => TryTake(key, out YamlNode? node) ? new(_file, key, node) : null;

    public IReadOnlyList<YamlMap> Maps(string key) => [.. Items(key).Select(item => new YamlMap(_file, key, item))];

    public IReadOnlyList<Located<string>> Texts(string key, Func<string, string?>? check = null)
    {
        List<Located<string>> texts = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (YamlNode item in Items(key))
        {
            string text = Scalar(key, item);
            if (check?.Invoke(text) is { } right)
            {
                throw Refuse(item, $"\"{text}\" in \"{key}\" must be {right}");
            }

            if (!seen.Add(text))
            {
                throw Refuse(item, $"\"{text}\" stands twice in \"{key}\"; name it once");
            }

            texts.Add(new(text, PositionOf(item)));
        }

        return texts;
    }

    /// <summary>Texts where order counts and repetition is allowed.</summary>
    public IReadOnlyList<string> Words(string key) => [.. Items(key).Select(item => Scalar(key, item))];

    public IReadOnlyDictionary<string, string> Table(string key)
    {
        SortedDictionary<string, string> table = new(StringComparer.Ordinal);
        if (TryTake(key, out YamlNode? node))
        {
            YamlMap map = new(_file, key, node);
            foreach (string name in map._values.Keys)
            {
                table.Add(name, map.Text(name));
            }
        }

        return table;
    }

    public string PositionOfKey(string key) => PositionOf(_values[key]);

    /// <summary>Refuses keys that nobody asked for.</summary>
    public void Finish()
    {
        foreach (YamlNode key in _node.Children.Keys)
        {
            string name = ((YamlScalarNode)key).Value!;
            if (!_asked.Contains(name))
            {
                throw Refuse(key, $"unknown key \"{name}\" in \"{Name}\"; known are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}");
            }
        }
    }

    public UserErrorException Refuse(string key, string problem) => Refuse(_values.TryGetValue(key, out YamlNode? node) ? node : _node, problem);

    internal static UserErrorException RefuseAt(string file, Mark mark, string problem) => new($"{file}:{mark.Line}:{mark.Column}: {problem}");

    private string Mark(string key, string value)
    {
        _asked.Add(key);
        return value;
    }

    private string PositionOf(YamlNode node) => $"{_file}:{node.Start.Line}:{node.Start.Column}";

    private UserErrorException Refuse(YamlNode node, string problem) => RefuseAt(_file, node.Start, problem);

    private YamlNode Take(string key) =>
        TryTake(key, out YamlNode? node) ? node : throw Refuse(_node, $"\"{Name}\" needs the key \"{key}\"");

    private bool TryTake(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out YamlNode? node)
    {
        _asked.Add(key);
        return _values.TryGetValue(key, out node);
    }

    private IReadOnlyList<YamlNode> Items(string key) => !TryTake(key, out YamlNode? node) ? []
        : node is YamlSequenceNode sequence ? [.. sequence.Children]
        : throw Refuse(node, $"\"{key}\" must be a list");

    private string Scalar(string key, YamlNode node) =>
        node is YamlScalarNode { Value: { } text, Tag.IsEmpty: true } scalar
            ? text.Length > 0 || scalar.Style is ScalarStyle.DoubleQuoted or ScalarStyle.SingleQuoted
                ? text
                : throw Refuse(node, $"\"{key}\" is empty; give a value, or \"\" for an empty text")
            : throw Refuse(node, $"\"{key}\" must be plain text or a number");
}
