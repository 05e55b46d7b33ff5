using System.Globalization;
using System.Text;
using Mantle.Measure.Text;

namespace Mantle.Measure.Audit.Channels;

/// <summary>
/// Answers for one audited image what closes each channel of EC2. The image comes first; where rules about a channel find something, its PCRs
/// do not count either, for what runs as measured is then the way in itself.
/// </summary>
public static class ChannelInventory
{
    private const string ResourceName = "channels.yaml";

    private static readonly Lazy<IReadOnlyList<Channel>> s_channels = new(() => Parse("policies/channels.yaml", BuiltInText()));

    /// <summary>The channels that this program carries: <c>policies/channels.yaml</c> of its source.</summary>
    public static IReadOnlyList<Channel> Channels => s_channels.Value;

    /// <summary>Answers each channel, in the order of the file.</summary>
    public static IReadOnlyList<ChannelAnswer> Answer(AuditReport report)
    {
        // A waiver accepts a finding; it closes nothing.
        HashSet<string> found = [.. report.Findings.Concat(report.Waived).Select(finding => finding.Rule.Id)];
        HashSet<string> known = [.. report.Rules.Rules.Select(rule => rule.Id)];
        return [.. Channels.Select(channel => Answer(channel, found, known, report.Gaps.Count))];
    }

    private static ChannelAnswer Answer(Channel channel, HashSet<string> found, HashSet<string> known, int gaps)
    {
        string? problem = channel.Rules.FirstOrDefault(rule => !known.Contains(rule)) is { } unknown ? $"the rules have no {unknown}"
            : channel.Rules.Any(found.Contains) ? $"{string.Join(", ", channel.Rules.Where(found.Contains))} found something"
            : channel.Rules.Count > 0 && gaps > 0 ? "the image could not be audited as a whole"
            : null;
        return channel.Rules.Count > 0 && problem is null ? new(channel, ChannelState.ClosedByImage, string.Join(", ", channel.Rules))
            : channel.Pcrs.Count > 0 && problem is null ? new(channel, ChannelState.ClosedByMeasurement, $"PCR {string.Join(", ", channel.Pcrs)}")
            : channel.Statements.Count > 0
            ? new(channel, ChannelState.ClosedByAccount, string.Join(", ", channel.Statements) + (problem is null ? "" : $"; not by the image: {problem}"))
            : new(channel, ChannelState.Open, problem ?? "nothing here closes it");
    }

    internal static IReadOnlyList<Channel> Parse(string path, string text)
    {
        YamlMap map = new(path, "channel file", YamlDocument.Load(path, text, "a channel file"));
        map.Number("format", 1, 1);
        List<Channel> channels = [.. map.Maps("channels").Select(Read)];
        map.Finish();
        return channels;
    }

    private static Channel Read(YamlMap map)
    {
        Channel channel = new()
        {
            Id = map.Text("id"),
            Name = map.Text("name"),
            Api = [.. map.Texts("api").Select(text => text.Value)],
            Gives = map.Text("gives"),
            Rules = [.. map.Texts("image").Select(text => text.Value)],
            Pcrs = [.. map.Texts("measured", Pcr).Select(text => int.Parse(text.Value, CultureInfo.InvariantCulture))],
            Statements = [.. map.Texts("account").Select(text => text.Value)],
            Left = map.OptionalText("left"),
        };
        map.Finish();
        return channel;
    }

    private static string? Pcr(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < 24 ? null : "the number of a PCR, 0 to 23";

    private static string BuiltInText()
    {
        using Stream stream = typeof(ChannelInventory).Assembly.GetManifestResourceStream(ResourceName)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
