using System.Diagnostics.CodeAnalysis;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>The context keys of a request. The case of a key's letters does not count.</summary>
public sealed class RequestContext
{
    private readonly Dictionary<string, IReadOnlyList<string>> _values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The keys, in the order in which they were set.</summary>
    public IEnumerable<string> Keys => _values.Keys;

    /// <summary>Sets a key; no values take it out.</summary>
    public RequestContext Set(string key, params IReadOnlyList<string> values)
    {
        _values.Remove(key);
        if (values.Count > 0)
        {
            _values.Add(key, values);
        }

        return this;
    }

    /// <summary>The key's values; false when the request has no such key.</summary>
    public bool TryGet(string key, [NotNullWhen(true)] out IReadOnlyList<string>? values) => _values.TryGetValue(key, out values);

    /// <summary>The one value, or null when there is none or when there are several: a variable cannot name a key of several values.</summary>
    public string? Single(string key) => TryGet(key, out IReadOnlyList<string>? values) && values.Count == 1 ? values[0] : null;
}
