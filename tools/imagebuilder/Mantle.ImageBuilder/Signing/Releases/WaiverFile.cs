using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>
/// The waivers that the build's audit has used, as the file that <c>measure audit --waivers</c> reads. Those that covered nothing are left out: nobody has to
/// judge them.
/// </summary>
internal static class WaiverFile
{


    /// <summary>The file, or null when no waiver was used.</summary>
    /// <param name="audit">The build's audit.json.</param>
    public static byte[]? From(ReadOnlyMemory<byte> audit)
    {
        SortedSet<string> entries = new(StringComparer.Ordinal);
        try
        {
            using JsonDocument document = JsonDocument.Parse(audit, new() { AllowDuplicateProperties = false });
            foreach (JsonElement finding in document.RootElement.GetProperty("waived").EnumerateArray())
            {
                JsonElement waiver = finding.GetProperty("waiver");
                entries.Add(string.Create(CultureInfo.InvariantCulture,
                    $"  - rule: {Quote(finding, "rule")}\n    path: {Quote(waiver, "path")}\n    reason: {Quote(waiver, "reason")}\n    owner: {Quote(waiver, "owner")}\n    expires: {Quote(waiver, "expires")}\n"));
            }
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new UserErrorException($"{BuildFolder.AuditName} of the build is no report of an audit", "build the image again", ExitCode.Malformed, problem);
        }

        return entries.Count == 0 ? null : Encoding.UTF8.GetBytes($"format: 1\nwaivers:\n{string.Concat(entries)}");
    }

    /// <summary>A text of JSON is one of YAML too (YAML 1.2.2, 1.2).</summary>
    private static string Quote(JsonElement parent, string name) =>
        $"\"{JsonEncodedText.Encode(parent.GetProperty(name).GetString() ?? throw new InvalidOperationException(), JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
