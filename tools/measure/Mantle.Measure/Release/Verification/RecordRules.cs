using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;
using Mantle.Measure.Verification;

namespace Mantle.Measure.Release.Verification;

/// <summary>The records beside the image: the build's manifest, the SBOM and the provenance say the same as the statement.</summary>
internal static class RecordRules
{
    private const string ProvenanceType = "https://slsa.dev/provenance/v1";
    private const int LargestFile = 64 << 20;

    public static void Check(CheckReport report, ReleaseInputs inputs)
    {
        Guard(report, "manifest", inputs.Directory.Find(ReleaseFiles.Manifest), manifest => CheckManifest(report, inputs, manifest));
        Guard(report, "provenance", inputs.Directory.Find(ReleaseFiles.Provenance), provenance => CheckProvenance(report, inputs, provenance));
    }

    /// <summary>
    /// The manifest is of the build, before anything was signed: name, version, epoch, and the SBOM, in which signing replaces the digest of the unsigned image
    /// by that of the signed one and nothing else.
    /// </summary>
    private static void CheckManifest(CheckReport report, ReleaseInputs inputs, JsonElement manifest)
    {
        ReleaseStatement statement = inputs.Statement;
        string name = Text(manifest, "name");
        string version = Text(manifest, "release");
        long epoch = manifest.GetProperty("epoch").GetInt64();
        Dictionary<string, string> outputs = manifest.GetProperty("outputs").EnumerateArray().ToDictionary(output => Text(output, "name"), output => Text(output, "sha256"), StringComparer.Ordinal);
        report.Check(
            "manifest",
            name != statement.Name || version != statement.Version ? $"the manifest is of {PrintedText.Escape(name)} {PrintedText.Escape(version)}, the statement of {statement.Name} {statement.Version}"
                : epoch != statement.Epoch.ToUnixTimeSeconds() ? $"the manifest's epoch is {epoch}, the statement's {statement.Epoch.ToUnixTimeSeconds()}"
                : null,
            $"of {statement.Name} {statement.Version}, epoch {UtcTime.Text(statement.Epoch)}");
        ByteSource? sbom = inputs.Directory.Find(ReleaseFiles.Sbom);
        bool isBuilds = sbom is { Length: <= LargestFile } && statement.DigestOf(ReleaseFiles.Image) is { } image
            && outputs[ReleaseFiles.Sbom] == Sha256(Encoding.UTF8.GetString(sbom.ToArray()).Replace(image, outputs[ReleaseFiles.Image], StringComparison.Ordinal));
        report.Check("sbom", isBuilds ? null : "it is not the SBOM that the build has written, with the digest of this image", "that of the build, about this image");
    }

    private static void CheckProvenance(CheckReport report, ReleaseInputs inputs, JsonElement provenance)
    {
        string? problem =
            Text(provenance, "_type") != ReleaseStatement.StatementType ? "not an in-toto Statement v1"
            : Text(provenance, "predicateType") != ProvenanceType ? "its predicate is not SLSA provenance v1"
            : null;
        int named = 0;
        foreach (JsonElement subject in provenance.GetProperty("subject").EnumerateArray())
        {
            string name = Text(subject, "name");
            if (inputs.Statement.DigestOf(name) is { } digest)
            {
                named++;
                problem ??= Text(subject.GetProperty("digest"), "sha256") == digest ? null : $"it is about another {name}";
            }
        }

        report.Check("provenance", problem ?? (named > 0 ? null : "it is about no file of this release"), $"SLSA provenance v1 of {named} files of this release");
    }

    private static void Guard(CheckReport report, string id, ByteSource? file, Action<JsonElement> check)
    {
        if (file is null || file.Length > LargestFile)
        {
            report.Check(id, false, file is null ? "there is no such file" : $"{file.Length} bytes are more than such a file can have");
            return;
        }

        ImageVerifier.Guard(report, id, () =>
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(file.ToArray(), new() { AllowDuplicateProperties = false });
                check(document.RootElement);
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
            {
                throw new MalformedInputException(id, 0, "not the JSON that it should be");
            }
        });
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new InvalidOperationException();
}
