using System.Text.Json;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Comparison;

/// <summary>What a build says of its inputs: <c>manifest.json</c>, or the packages of <c>sbom.spdx.json</c> where there is no manifest.</summary>
internal sealed class BuildRecord
{
    private const int MaximumSize = 64 << 20;

    /// <summary>Tools, recipe, lock and sources with version or digest.</summary>
    public SortedDictionary<string, string> Inputs { get; } = new(StringComparer.Ordinal);

    /// <summary>Digests of the sources that the recipe brings in, by name.</summary>
    public SortedDictionary<string, string> Sources { get; } = new(StringComparer.Ordinal);

    /// <summary>Version and digest of the packages, by name.</summary>
    public SortedDictionary<string, (string Version, string Sha256)> Packages { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads what a folder has of the two files.</summary>
    /// <exception cref="MalformedInputException">A file is not what its name says.</exception>
    public static BuildRecord Read(IReadOnlyDictionary<string, ByteSource> files)
    {
        BuildRecord record = new();
        if (files.TryGetValue("manifest.json", out ByteSource? manifest))
        {
            Parse("manifest", manifest, record.ReadManifest);
        }
        else if (files.TryGetValue("sbom.spdx.json", out ByteSource? sbom))
        {
            Parse("sbom", sbom, record.ReadSbom);
        }

        return record;
    }

    private static void Parse(string format, ByteSource source, Action<JsonElement> read)
    {
        if (source.Length > MaximumSize)
        {
            throw new MalformedInputException(format, 0, $"{source.Length} bytes are more than the {MaximumSize} that such a document can have");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(source.ToArray());
            read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new MalformedInputException(format, (e as JsonException)?.BytePositionInLine ?? 0, "not such a document");
        }
    }

    private void ReadManifest(JsonElement root)
    {
        foreach (string name in (string[])["tool", "toolSdk"])
        {
            if (root.TryGetProperty(name, out JsonElement tool))
            {
                Inputs[name] = Text(tool);
            }
        }

        JsonElement inputs = root.GetProperty("inputs");
        Inputs["recipe"] = Text(inputs.GetProperty("recipe").GetProperty("sha256"));
        Inputs["lock"] = Text(inputs.GetProperty("lock").GetProperty("sha256"));
        foreach (JsonElement source in inputs.GetProperty("sources").EnumerateArray())
        {
            string name = Text(source.GetProperty("name"));
            Sources[name] = Inputs[name] = Text(source.GetProperty("sha256"));
            if (source.TryGetProperty("tools", out JsonElement tools))
            {
                ReadTools(name, tools);
            }
        }

        foreach (JsonElement package in inputs.GetProperty("packages").EnumerateArray())
        {
            Packages[Text(package.GetProperty("name"))] = (Text(package.GetProperty("version")), Text(package.GetProperty("sha256")));
        }
    }

    private void ReadTools(string name, JsonElement tools)
    {
        Inputs[$"{name}: .NET SDK"] = Text(tools.GetProperty("sdk"));
        Inputs[$"{name}: toolchain"] = Text(tools.GetProperty("toolchain"));
        foreach (JsonElement package in tools.GetProperty("packages").EnumerateArray())
        {
            Inputs[$"{name}: {Text(package.GetProperty("name"))}"] = Text(package.GetProperty("version"));
        }
    }

    private void ReadSbom(JsonElement root)
    {
        foreach (JsonElement package in root.GetProperty("packages").EnumerateArray())
        {
            string sha256 = package.TryGetProperty("checksums", out JsonElement sums) && sums.GetArrayLength() > 0
                ? Text(sums[0].GetProperty("checksumValue"))
                : "";
            if (package.TryGetProperty("externalRefs", out _))
            {
                Packages[Text(package.GetProperty("name"))] = (Text(package.GetProperty("versionInfo")), sha256);
            }
        }
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new InvalidOperationException();
}
