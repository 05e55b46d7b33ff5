namespace Mantle.Measure.Audit.Rules;

/// <summary>A systemd unit with its drop-ins.</summary>
/// <param name="Name">Its name: <c>serial-getty@ttyS0.service</c>.</param>
/// <param name="Place">Place of its file.</param>
internal sealed record SystemdUnit(string Name, string Place)
{
    /// <summary>Directives in order: section, key, value, place of the file, line.</summary>
    public List<(string Section, string Key, string Value, string Place, int Line)> Directives { get; } = [];

    /// <summary>Whether systemd would start it by itself.</summary>
    public bool IsEnabled { get; set; }

    /// <summary>All words of the directives with these names.</summary>
    public IEnumerable<string> Words(params string[] keys) =>
        Directives.Where(directive => keys.Contains(directive.Key)).SelectMany(directive => directive.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
