using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure.Twin;

namespace Mantle.ImageBuilder.Output;

/// <summary>The software bill of materials: SPDX 2.3, one entry a package with purl and checksum.</summary>
public static class Sbom
{
    private const string License = "NOASSERTION";

    /// <summary>Writes the document. Its name space follows from the image's digest, its time from the recipe's epoch.</summary>
    /// <param name="stream">Where it goes.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="locked">The packages of the lock.</param>
    /// <param name="isTwin">Whether it is of the debug twin, which alone has the packages of use <c>debug</c>.</param>
    /// <param name="imageSha256">SHA-256 of the image.</param>
    /// <param name="toolVersion">Version of the builder.</param>
    public static void Write(Stream stream, Recipe recipe, IReadOnlyList<LockedPackage> locked, bool isTwin, string imageSha256, string toolVersion)
    {
        LockedPackage[] packages = [.. locked.Where(package => isTwin || !package.IsOnlyForTwin)];
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteString("spdxVersion", "SPDX-2.3");
        json.WriteString("dataLicense", "CC0-1.0");
        json.WriteString("SPDXID", "SPDXRef-DOCUMENT");
        json.WriteString("name", $"{recipe.Name}-{recipe.Version}{(isTwin ? DebugTwin.ImageSuffix : "")}");
        json.WriteString("documentNamespace", $"urn:sha256:{imageSha256}");
        json.WriteStartObject("creationInfo");
        json.WriteString("created", PrintedText.Time(recipe.Epoch));
        json.WriteStartArray("creators");
        json.WriteStringValue($"Tool: imagebuilder-{toolVersion}");
        json.WriteEndArray();
        json.WriteEndObject();

        json.WriteStartArray("packages");
        WriteImage(json, recipe, imageSha256);
        foreach (LockedPackage package in packages)
        {
            WritePackage(json, package);
        }

        json.WriteEndArray();

        json.WriteStartArray("relationships");
        WriteRelationship(json, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image");
        foreach (LockedPackage package in packages)
        {
            // What only helped to link the guest programs is a build tool; all else is in the image.
            bool inImage = package.IsIn(isTwin);
            WriteRelationship(json, inImage ? "SPDXRef-Image" : Id(package), inImage ? "CONTAINS" : "BUILD_TOOL_OF", inImage ? Id(package) : "SPDXRef-Image");
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        stream.WriteByte((byte)'\n');
    }

    private static void WriteImage(Utf8JsonWriter json, Recipe recipe, string imageSha256)
    {
        json.WriteStartObject();
        json.WriteString("SPDXID", "SPDXRef-Image");
        json.WriteString("name", recipe.Name);
        json.WriteString("versionInfo", recipe.Version);
        json.WriteString("packageFileName", "image.raw");
        json.WriteString("downloadLocation", License);
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("licenseConcluded", License);
        json.WriteString("licenseDeclared", License);
        json.WriteString("copyrightText", License);
        json.WriteString("primaryPackagePurpose", "OPERATING_SYSTEM");
        WriteChecksum(json, imageSha256);
        json.WriteEndObject();
    }

    private static void WritePackage(Utf8JsonWriter json, LockedPackage package)
    {
        json.WriteStartObject();
        json.WriteString("SPDXID", Id(package));
        json.WriteString("name", package.Name);
        json.WriteString("versionInfo", package.Version);
        json.WriteString("packageFileName", package.Path[(package.Path.LastIndexOf('/') + 1)..]);
        json.WriteString("supplier", "Organization: Debian");
        json.WriteString("downloadLocation", License);
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("licenseConcluded", License);
        json.WriteString("licenseDeclared", License);
        json.WriteString("copyrightText", License);
        WriteChecksum(json, package.Sha256);
        json.WriteStartArray("externalRefs");
        json.WriteStartObject();
        json.WriteString("referenceCategory", "PACKAGE-MANAGER");
        json.WriteString("referenceType", "purl");
        json.WriteString("referenceLocator", Purl(package));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The package URL: type deb, distribution and architecture as qualifiers. A colon is not encoded (ECMA-427, "Character encoding").</summary>
    internal static string Purl(LockedPackage package) =>
        $"pkg:deb/debian/{Uri.EscapeDataString(package.Name)}@{Uri.EscapeDataString(package.Version).Replace("%3A", ":", StringComparison.Ordinal)}"
        + $"?arch={package.Architecture}&distro={package.Suite.Split('-')[0]}";

    private static string Id(LockedPackage package) =>
        "SPDXRef-Package-" + string.Concat(package.Name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c.ToString() : $"-{(int)c:x2}-"));

    private static void WriteChecksum(Utf8JsonWriter json, string sha256)
    {
        json.WriteStartArray("checksums");
        json.WriteStartObject();
        json.WriteString("algorithm", "SHA256");
        json.WriteString("checksumValue", sha256);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteRelationship(Utf8JsonWriter json, string from, string type, string to)
    {
        json.WriteStartObject();
        json.WriteString("spdxElementId", from);
        json.WriteString("relationshipType", type);
        json.WriteString("relatedSpdxElement", to);
        json.WriteEndObject();
    }
}
