using System.Globalization;
using System.Text;

namespace Mantle.Emulator.Ec2.Wire;

/// <summary>The parameters of a request of the query API: names with dots and numbers from 1 are lists.</summary>
internal sealed class QueryForm
{
    private readonly Dictionary<string, string> _values;

    private QueryForm(Dictionary<string, string> values) => _values = values;

    public static QueryForm Parse(ReadOnlySpan<byte> body)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string pair in Encoding.UTF8.GetString(body).Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            values[Decode(parts[0])] = parts.Length == 2 ? Decode(parts[1]) : "";
        }

        return new(values);
    }

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public string RequiredText(string name) => Text(name) is { Length: > 0 } text ? text
        : throw new Ec2ErrorException("MissingParameter", $"The request must contain the parameter {name}");

    public bool Flag(string name) => string.Equals(Text(name), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary><c>Name.1</c>, <c>Name.2</c>, …</summary>
    public IReadOnlyList<string> List(string name)
    {
        List<string> found = [];
        for (int i = 1; Text(string.Create(CultureInfo.InvariantCulture, $"{name}.{i}")) is { } value; i++)
        {
            found.Add(value);
        }

        return found;
    }

    /// <summary>The prefixes <c>Name.1</c>, <c>Name.2</c>, … below which something is given.</summary>
    public IEnumerable<string> Items(string name)
    {
        for (int i = 1; ; i++)
        {
            string prefix = string.Create(CultureInfo.InvariantCulture, $"{name}.{i}");
            if (!_values.Keys.Any(key => key.StartsWith(prefix + ".", StringComparison.Ordinal)))
            {
                yield break;
            }

            yield return prefix;
        }
    }

    /// <summary>Filters by name.</summary>
    public IEnumerable<(string Name, IReadOnlyList<string> Values)> Filters() => Items("Filter").Select(item => (RequiredText(item + ".Name"), List(item + ".Value")));

    /// <summary>The tags for a kind of resource.</summary>
    public Dictionary<string, string> Tags(string resource)
    {
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        foreach (string item in Items("TagSpecification").Where(item => Text(item + ".ResourceType") == resource))
        {
            foreach (string tag in Items(item + ".Tag"))
            {
                tags[RequiredText(tag + ".Key")] = Text(tag + ".Value") ?? "";
            }
        }

        return tags;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
