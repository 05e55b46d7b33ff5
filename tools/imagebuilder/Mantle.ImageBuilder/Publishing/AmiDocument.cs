using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Output;
using Mantle.Measure.Release;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>The file <c>ami.json</c> of a release: where it was published (docs/schemas/ami.schema.json). Not signed; a list of where to look.</summary>
public static class AmiDocument
{
    internal const string Format = "ami.json";

    private const int Version = 1;
    private const int MaximumSize = 1 << 20;

    private static readonly AmiJsonContext s_context = new(new JsonSerializerOptions(AmiJsonContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The AMIs that the document names, for the release with this statement; none when it is about another, or there is no document.</summary>
    /// <exception cref="MalformedInputException">It is no such document.</exception>
    public static IReadOnlyList<PublishedImage> Read(string directory, string statement)
    {
        FileInfo file = new(Path.Combine(directory, ReleaseFiles.Publication));
        if (!file.Exists)
        {
            return [];
        }

        (string about, IReadOnlyList<PublishedImage> images) = Read(file.Length <= MaximumSize ? File.ReadAllBytes(file.FullName) : throw Malformed($"{file.Length} bytes"));
        return about == statement ? images : [];
    }

    /// <summary>Reads a document.</summary>
    /// <exception cref="MalformedInputException">It is no such document.</exception>
    public static (string Statement, IReadOnlyList<PublishedImage> Images) Read(ReadOnlyMemory<byte> bytes)
    {
        AmiJson json;
        try
        {
            json = JsonSerializer.Deserialize(bytes.Span, s_context.AmiJson) ?? throw Malformed("it is null");
        }
        catch (JsonException e)
        {
            throw Malformed($"line {(e.LineNumber ?? 0) + 1}, {e.Path ?? "$"}: not what the schema asks for");
        }

        if (json.Version != Version)
        {
            throw Malformed($"version {json.Version} is not understood, {Version} is");
        }

        if (json.Amis.FirstOrDefault(ami => ami is null || !Ids.IsRegion(ami.Region) || !Ids.IsImage(ami.Id) || !Ids.IsSnapshot(ami.Snapshot) || !Ids.IsAccount(ami.Account)) is { } wrong)
        {
            throw Malformed($"\"{PrintedText.Escape(wrong.Id)}\" in \"{PrintedText.Escape(wrong.Region)}\" is no AMI with region, snapshot and account");
        }

        return json.Amis.Any(ami => ami is null) || json.Amis.Select(ami => ami.Region).Distinct().Count() != json.Amis.Count
            ? throw Malformed("a region is there twice")
            : (json.Statement, [.. json.Amis.Select(ami => new PublishedImage(ami.Region, ami.Id, ami.Snapshot, ami.Account, ami.SharedWith))]);
    }

    /// <summary>Writes the document into the release, in one step. Regions of the same release that are not given stay.</summary>
    public static void Write(PublishRelease release, IReadOnlyList<PublishedImage> images)
    {
        IEnumerable<PublishedImage> others;
        try
        {
            others = Read(release.Directory, release.Statement).Where(image => !images.Any(one => one.Region == image.Region));
        }
        catch (MalformedInputException)
        {
            others = [];
        }

        AmiJson json = new(
            Version,
            release.Name,
            release.Version,
            release.Statement,
            release.ImageSha256,
            [.. images.Concat(others).OrderBy(image => image.Region, StringComparer.Ordinal).Select(image => new AmiEntryJson(image.Region, image.Id, image.Snapshot, image.Account, image.SharedWith))]);
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(json, s_context.AmiJson), (byte)'\n'];
        string final = Path.Combine(release.Directory, ReleaseFiles.Publication);
        if (File.Exists(final) && File.ReadAllBytes(final).AsSpan().SequenceEqual(bytes))
        {
            return;
        }

        // Beside the directory: a file that is left over in it would make it no release.
        ReplacedFile.Write(final, bytes, beside: $"{Path.TrimEndingDirectorySeparator(release.Directory)}.{ReleaseFiles.Publication}");
    }

    private static MalformedInputException Malformed(string problem) => new(Format, 0, problem);
}

internal sealed record AmiJson(int Version, string Name, string Release, string Statement, string Image, IReadOnlyList<AmiEntryJson> Amis);

internal sealed record AmiEntryJson(string Region, string Id, string Snapshot, string Account, IReadOnlyList<string> SharedWith);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true,
    IndentSize = 2,
    NewLine = "\n")]
[JsonSerializable(typeof(AmiJson))]
internal sealed partial class AmiJsonContext : JsonSerializerContext;
