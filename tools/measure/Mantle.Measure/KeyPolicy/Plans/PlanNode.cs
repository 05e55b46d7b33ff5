using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Mantle.Measure.KeyPolicy.Plans;

/// <summary>A mapping of a plan, read key by key; what nobody asked for is refused by <see cref="Finish"/>.</summary>
internal sealed class PlanNode
{
    private const int MaximumDepth = 16;

    private readonly string _file;
    private readonly string _name;
    private readonly YamlNode _node;
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    private PlanNode(string file, string name, YamlNode node)
    {
        (_file, _name, _node) = (file, name, node);
        foreach ((YamlNode key, YamlNode value) in (node as YamlMappingNode ?? throw Refuse(node, $"\"{name}\" must be a mapping (key: value)")).Children)
        {
            if (key is not YamlScalarNode { Value: { } text, Tag.IsEmpty: true } || !_values.TryAdd(text, value))
            {
                throw Refuse(key, "a key must be plain text and stand once");
            }
        }
    }

    public static PlanNode Parse(string file, string text)
    {
        try
        {
            CheckShape(file, text);
            YamlStream stream = [];
            stream.Load(new StringReader(text));
            if (stream.Documents.Count != 1)
            {
                throw new UserErrorException($"{file}: a plan is one YAML document, and here are {stream.Documents.Count}");
            }

            return new(file, "plan", stream.Documents[0].RootNode);
        }
        catch (YamlException e)
        {
            throw new UserErrorException($"{file}:{e.Start.Line}:{e.Start.Column}: not YAML: {FirstLine(e.Message)}", cause: e);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or OverflowException or InvalidCastException)
        {
            // The library's own slips on texts that are no YAML.
            throw new UserErrorException($"{file}: not YAML: {FirstLine(e.Message)}", cause: e);
        }
    }

    public bool Has(string key) => _values.ContainsKey(key);

    public string Text(string key, Func<string, string?>? check = null) => Checked(key, Take(key), check);

    public string Text(string key, string otherwise, Func<string, string?>? check = null) => Find(key) is { } node ? Checked(key, node, check) : otherwise;

    public PlanNode Map(string key) => new(_file, key, Take(key));

    public PlanNode? OptionalMap(string key) => Find(key) is { } node ? new(_file, key, node) : null;

    public IReadOnlyList<PlanNode> Maps(string key) => [.. Items(key).Select(item => new PlanNode(_file, key, item))];

    public IReadOnlyList<string> Texts(string key, Func<string, string?>? check = null)
    {
        List<string> texts = [];
        foreach (YamlNode item in Items(key))
        {
            string text = Checked(key, item, check);
            if (texts.Contains(text))
            {
                throw Refuse(item, $"\"{text}\" stands twice in \"{key}\"");
            }

            texts.Add(text);
        }

        return texts;
    }

    public IReadOnlyList<(string Key, string Value)> Pairs(string key)
    {
        if (OptionalMap(key) is not { } map)
        {
            return [];
        }

        return [.. map._values.Keys.Order(StringComparer.Ordinal).Select(name => (name, map.Text(name)))];
    }

    public void Finish()
    {
        foreach ((string key, YamlNode value) in _values)
        {
            if (!_asked.Contains(key))
            {
                throw Refuse(value, $"unknown key \"{key}\" in \"{_name}\"; known are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}");
            }
        }
    }

    public UserErrorException Refuse(string key, string problem) => Refuse(_values.GetValueOrDefault(key) ?? _node, problem);

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd('.', '\r');

    /// <summary>
    /// Looks at the parser's events before the library makes a tree of them: an alias can make a small text a large tree or one without an end,
    /// and deep nesting exhausts the stack. A plan needs neither.
    /// </summary>
    private static void CheckShape(string file, string text)
    {
        Parser parser = new(new StringReader(text));
        int depth = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current!.NestingIncrease;
            if (parser.Current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false } || depth > MaximumDepth)
            {
                Mark at = parser.Current.Start;
                throw new UserErrorException($"{file}:{at.Line}:{at.Column}: {(depth > MaximumDepth ? $"nested deeper than {MaximumDepth} levels" : "an anchor or alias; write the value out")}");
            }
        }
    }

    private UserErrorException Refuse(YamlNode node, string problem) => new($"{_file}:{node.Start.Line}:{node.Start.Column}: {problem}");

    private YamlNode Take(string key) => Find(key) ?? throw Refuse(_node, $"\"{_name}\" needs the key \"{key}\"");

    private YamlNode? Find(string key)
    {
        _asked.Add(key);
        return _values.GetValueOrDefault(key);
    }

    private IReadOnlyList<YamlNode> Items(string key) => Find(key) switch
    {
        null => [],
        YamlSequenceNode sequence => [.. sequence.Children],
        YamlNode node => throw Refuse(node, $"\"{key}\" must be a list"),
    };

    private string Checked(string key, YamlNode node, Func<string, string?>? check)
    {
        string text = node is YamlScalarNode { Value: { Length: > 0 } plain, Tag.IsEmpty: true } ? plain : throw Refuse(node, $"\"{key}\" must be a text that is not empty");
        return check?.Invoke(text) is { } right ? throw Refuse(node, $"\"{key}\" is \"{text}\"; it must be {right}") : text;
    }
}
