using Mantle.Measure.Text;

namespace Mantle.Measure.Audit;

/// <summary>Reads waivers from a YAML file: <c>format: 1</c> and a list <c>waivers:</c>.</summary>
public static class WaiverReader
{
    private const string Noun = "a waiver file";

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserErrorException">It is not right; the message says where and what would be.</exception>
    public static IReadOnlyList<Waiver> Read(string path) =>
        Parse(path, YamlDocument.ReadText(path, Noun, 1 << 20, "name the waivers: --waivers path/to/waivers.yaml"));

    /// <summary>Reads text; <paramref name="path"/> is for messages.</summary>
    /// <exception cref="UserErrorException">It is not right; the message says where and what would be.</exception>
    public static IReadOnlyList<Waiver> Parse(string path, string text)
    {
        YamlMap map = new(path, "waiver file", YamlDocument.Load(path, text, Noun));
        map.Number("format", 1, 1);
        List<Waiver> waivers = [.. map.Maps("waivers").Select(ReadWaiver)];
        map.Finish();
        return waivers;
    }

    /// <summary>Reads one waiver; a recipe has the same.</summary>
    internal static Waiver ReadWaiver(YamlMap map)
    {
        Waiver waiver = new(
            map.Text("rule"),
            map.Text("path"),
            map.Text("reason", text => text.Length < 10 ? "a sentence of at least ten characters" : null),
            map.Text("owner"),
            map.Date("expires"),
            map.Position);
        map.Finish();
        return waiver;
    }
}
