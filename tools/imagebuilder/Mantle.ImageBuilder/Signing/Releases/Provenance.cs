using System.Text.Json;
using Mantle.Measure;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Documents;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>
/// What a release was built from: an in-toto Statement v1 with SLSA provenance v1, made of the build's manifest alone. Its subjects are the signed image and
/// UKI; the unsigned ones, which the manifest names, are by-products.
/// </summary>
internal static class Provenance
{
    // Names in a domain that nobody can own (RFC 2606); they lead nowhere.
    private const string BuildType = "https://mantle.example/build/v1";
    private const string BuilderId = "https://mantle.example/imagebuilder";

    /// <summary>Writes the statement.</summary>
    /// <param name="manifest">manifest.json.</param>
    /// <param name="image">SHA-256 of the signed image.</param>
    /// <param name="uki">SHA-256 of the signed UKI.</param>
    public static byte[] Write(ReadOnlyMemory<byte> manifest, string image, string uki)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(manifest, new() { AllowDuplicateProperties = false });
            JsonElement root = document.RootElement;
            return CanonicalJson.Write(json =>
            {
                json.WriteString("_type", ReleaseStatement.StatementType);
                json.WriteStartArray("subject");
                WriteResource(json, "name", ReleaseFiles.Image, image);
                WriteResource(json, "name", ReleaseFiles.Uki, uki);
                json.WriteEndArray();
                json.WriteString("predicateType", "https://slsa.dev/provenance/v1");
                json.WriteStartObject("predicate");
                WriteDefinition(json, root);
                WriteDetails(json, root);
                json.WriteEndObject();
            });
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new UserErrorException("manifest.json of the build does not name its inputs", "build the image again", ExitCode.Malformed, problem);
        }
    }

    private static void WriteDefinition(Utf8JsonWriter json, JsonElement root)
    {
        JsonElement inputs = root.GetProperty("inputs");
        json.WriteStartObject("buildDefinition");
        json.WriteString("buildType", BuildType);
        json.WriteStartObject("externalParameters");
        Copy(json, "name", root.GetProperty("name"));
        Copy(json, "release", root.GetProperty("release"));
        Copy(json, "architecture", root.GetProperty("architecture"));
        Copy(json, "epoch", root.GetProperty("epoch"));
        foreach (string input in new[] { "recipe", "lock" })
        {
            json.WritePropertyName(input);
            WriteResource(json, "name", Text(inputs.GetProperty(input), "name"), Text(inputs.GetProperty(input), "sha256"));
        }

        json.WriteEndObject();
        json.WriteStartObject("internalParameters");
        Copy(json, "plan", root.GetProperty("plan"));
        json.WriteEndObject();
        json.WriteStartArray("resolvedDependencies");
        foreach (JsonElement source in inputs.GetProperty("sources").EnumerateArray())
        {
            WriteResource(json, "name", Text(source, "name"), Text(source, "sha256"), source.TryGetProperty("tools", out JsonElement tools) ? tools : null);
        }

        foreach (JsonElement package in inputs.GetProperty("packages").EnumerateArray())
        {
            string architecture = Text(package, "path").EndsWith("_all.deb", StringComparison.Ordinal) ? "all" : Text(root, "architecture");
            WriteResource(
                json, "uri", $"pkg:deb/debian/{Uri.EscapeDataString(Text(package, "name"))}@{Uri.EscapeDataString(Text(package, "version")).Replace("%3A", ":", StringComparison.Ordinal)}?arch={architecture}",
                Text(package, "sha256"));
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter json, JsonElement root)
    {
        json.WriteStartObject("runDetails");
        json.WriteStartObject("builder");
        json.WriteString("id", BuilderId);
        json.WriteStartObject("version");
        string[] tool = Text(root, "tool").Split(' ', 2);
        json.WriteString(tool[0], tool[^1]);
        json.WriteString("dotnet-sdk", Text(root, "toolSdk"));
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("byproducts");
        foreach (JsonElement output in root.GetProperty("outputs").EnumerateArray())
        {
            WriteResource(json, "name", $"unsigned/{Text(output, "name")}", Text(output, "sha256"));
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A ResourceDescriptor (in-toto attestation framework v1).</summary>
    private static void WriteResource(Utf8JsonWriter json, string member, string value, string sha256, JsonElement? annotations = null)
    {
        json.WriteStartObject();
        json.WriteString(member, value);
        json.WriteStartObject("digest");
        json.WriteString("sha256", sha256);
        json.WriteEndObject();
        if (annotations is { } tools)
        {
            Copy(json, "annotations", tools);
        }

        json.WriteEndObject();
    }

    private static void Copy(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        value.WriteTo(json);
    }

    private static string Text(JsonElement parent, string name) => parent.GetProperty(name).GetString() ?? throw new InvalidOperationException();
}
