using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Verification;

/// <summary>What manifest.json claims of the finished files (docs/design.md).</summary>
internal sealed class ManifestClaims
{
    private const int MaximumSize = 64 << 20;

    /// <summary>The root hash in hex, or null where it is not stated.</summary>
    public string? RootHash { get; private set; }

    /// <summary>Name, size and SHA-256 of every output.</summary>
    public List<(string Name, long Size, string Sha256)> Outputs { get; } = [];

    /// <summary>SHA-256 of every file in the root file system, by absolute path.</summary>
    public SortedDictionary<string, string> RootFiles { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads the manifest; null where there is none or it is malformed, which is reported.</summary>
    public static ManifestClaims? Read(CheckReport report, ByteSource? source)
    {
        if (source is null)
        {
            report.Missing("manifest", "there is no manifest.json beside the measurements");
            return null;
        }

        ManifestClaims claims = new();
        try
        {
            if (source.Length > MaximumSize)
            {
                throw new JsonException();
            }

            using JsonDocument document = JsonDocument.Parse(source.ToArray(), new() { AllowDuplicateProperties = false });
            claims.Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            report.Check("manifest", false, "manifest.json is not a manifest");
            return null;
        }

        report.Check("manifest", true, $"claims {claims.Outputs.Count} files and {claims.RootFiles.Count} files of the root");
        return claims;
    }

    private void Read(JsonElement root)
    {
        RootHash = root.TryGetProperty("rootHash", out JsonElement hash) ? Text(hash) : null;
        foreach (JsonElement output in root.GetProperty("outputs").EnumerateArray())
        {
            Outputs.Add((Text(output.GetProperty("name")), output.GetProperty("size").GetInt64(), Text(output.GetProperty("sha256"))));
        }

        if (root.TryGetProperty("root", out JsonElement files))
        {
            foreach (JsonProperty file in files.EnumerateObject())
            {
                RootFiles.Add(file.Name, Text(file.Value));
            }
        }
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new InvalidOperationException();
}
