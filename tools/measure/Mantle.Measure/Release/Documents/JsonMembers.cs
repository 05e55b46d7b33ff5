using System.Buffers;
using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.Measure.Release.Documents;

/// <summary>A JSON object read member by member; <see cref="Finish"/> refuses the members that nobody asked for.</summary>
internal sealed class JsonMembers
{
    private const int DigestLength = 64;

    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");

    private readonly JsonTree _tree;
    private readonly string _name;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public JsonMembers(JsonTree tree, string name)
    {
        _tree = tree.Kind == JsonTreeKind.Object ? tree : throw tree.Refuse($"{name} must be an object");
        _name = name;
    }

    /// <summary>The names of all members in their order, each of which then counts as asked for.</summary>
    public IReadOnlyList<string> AllNames()
    {
        _asked.UnionWith(_tree.Members.Select(member => member.Name));
        return [.. _tree.Members.Select(member => member.Name)];
    }

    public string Text(string name) => Take(name, JsonTreeKind.Text, "a text").Value;

    /// <summary>A text of which a check says that it is right, or what would be.</summary>
    public string Text(string name, Func<string, string?> check)
    {
        JsonTree value = Take(name, JsonTreeKind.Text, "a text");
        return check(value.Value) is { } right ? throw value.Refuse($"{name} is \"{PrintedText.Escape(value.Value)}\"; it must be {right}") : value.Value;
    }

    public string Constant(string name, string expected) => Text(name, text => text == expected ? null : $"\"{expected}\"");

    public bool Flag(string name) => Take(name, JsonTreeKind.Boolean, "true or false").Value == "true";

    /// <summary>A whole number from 0.</summary>
    public long Number(string name)
    {
        JsonTree value = Take(name, JsonTreeKind.Number, "a number");
        return long.TryParse(value.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw value.Refuse($"{name} is {value.Value}; it must be a whole number from 0");
    }

    /// <summary>SHA-256 as 64 digits of lower-case hexadecimal.</summary>
    public string Sha256(string name) => Text(name, text => IsDigest(text) ? null : "64 digits of lower-case hexadecimal");

    public string? OptionalSha256(string name) => IsNull(name) ? null : Sha256(name);

    public DateTimeOffset Time(string name)
    {
        DateTimeOffset time = default;
        Text(name, text => UtcTime.TryParse(text, out time) ? null : "a time such as 2026-02-03T10:12:02Z");
        return time;
    }

    public DateOnly Date(string name)
    {
        DateOnly date = default;
        Text(name, text => UtcTime.TryParseDay(text, out date) ? null : "a date such as 2026-02-03");
        return date;
    }

    public byte[] Base64(string name)
    {
        JsonTree value = Take(name, JsonTreeKind.Text, "a text");
        return StrictBase64.TryDecode(value.Value, out byte[] bytes) ? bytes : throw value.Refuse($"{name} is not base64 in its one form (RFC 4648, 4, with padding)");
    }

    public JsonMembers Object(string name) => new(Take(name, null, "an object"), name);

    public JsonMembers? OptionalObject(string name) => IsNull(name) ? null : Object(name);

    public IReadOnlyList<JsonMembers> Objects(string name, int most)
    {
        JsonTree list = Take(name, JsonTreeKind.Array, "an array");
        return list.Items.Count <= most
            ? [.. list.Items.Select(item => new JsonMembers(item, name))]
            : throw list.Refuse($"{name} has {list.Items.Count} entries; {most} are the most");
    }

    public void Finish()
    {
        foreach ((string name, long offset, _) in _tree.Members)
        {
            if (!_asked.Contains(name))
            {
                throw _tree.RefuseAt(offset, $"{_name} has a member \"{PrintedText.Escape(name)}\" that is not known");
            }
        }
    }

    public MalformedInputException Refuse(string problem) => _tree.Refuse(problem);

    internal static bool IsDigest(string text) => IsHex(text, DigestLength);

    internal static bool IsHex(string text, int length) => text.Length == length && !text.AsSpan().ContainsAnyExcept(s_hexDigits);

    private bool IsNull(string name) => Take(name, null, "").Kind == JsonTreeKind.Null;

    private JsonTree Take(string name, JsonTreeKind? kind, string what)
    {
        _asked.Add(name);
        foreach ((string known, _, JsonTree value) in _tree.Members)
        {
            if (known == name)
            {
                return kind is null || value.Kind == kind ? value : throw value.Refuse($"{name} must be {what}");
            }
        }

        throw _tree.Refuse($"{_name} lacks the member {name}");
    }
}
