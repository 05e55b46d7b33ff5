using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mantle.Measure.Prediction;

// The JSON shape, member by member in the order of writing. MeasurementsMapping turns it into checked values.
internal sealed record MeasurementsJson(
    int Version,
    string BootFile,
    string Stub,
    string? Kernel,
    string SecureBoot,
    IReadOnlyList<string> Banks,
    IReadOnlyList<PcrJson> Pcrs,
    IReadOnlyList<UnpredictedPcrJson> Unpredicted,
    string? Platform = null, // from here on since version 2
    int? Profile = null,
    IReadOnlyList<string>? Notes = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Debug = false);

internal sealed record PcrJson(int Index, Dictionary<string, string> Values, IReadOnlyList<EventJson> Events, string? DecidedBy = null);

internal sealed record EventJson(string Type, uint Number, string Description, EventSourceJson Source, Dictionary<string, string> Digests);

internal sealed record EventSourceJson(
    string Kind, string Name, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<SourcePackageJson>? Packages = null);

internal sealed record SourcePackageJson(string Name, string Version);

internal sealed record UnpredictedPcrJson(int Index, string Reason);

/// <summary>What nitro-tpm-pcr-compute prints; the names are AWS's.</summary>
internal sealed record AwsMeasurementsJson([property: JsonPropertyName("Measurements")] AwsPcrsJson Measurements);

internal sealed record AwsPcrsJson(
    [property: JsonPropertyName("HashAlgorithm")] string HashAlgorithm,
    [property: JsonPropertyName("PCR4")] string Pcr4,
    [property: JsonPropertyName("PCR7")] string Pcr7,
    [property: JsonPropertyName("PCR12")] string Pcr12);

/// <summary>A file of systemd-pcrlock's component directories (systemd.pcrlock(5)).</summary>
internal sealed record PcrlockJson(IReadOnlyList<PcrlockRecordJson> Records);

internal sealed record PcrlockRecordJson(int Pcr, IReadOnlyList<CanonicalDigestJson> Digests);

/// <summary>A record of the TCG Canonical Event Log, 1.0, 5.3; member names are the specification's.</summary>
internal sealed record CanonicalRecordJson(
    [property: JsonPropertyName("recnum")] int Number,
    [property: JsonPropertyName("pcr")] int Pcr,
    [property: JsonPropertyName("digests")] IReadOnlyList<CanonicalDigestJson> Digests,
    [property: JsonPropertyName("content_type")] string ContentType,
    [property: JsonPropertyName("content")] CanonicalContentJson Content);

internal sealed record CanonicalDigestJson([property: JsonPropertyName("hashAlg")] string Algorithm, [property: JsonPropertyName("digest")] string Digest);

internal sealed record CanonicalContentJson(
    [property: JsonPropertyName("event_type")] string EventType,
    [property: JsonPropertyName("event_data")] string EventData);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true,
    IndentSize = 2,
    NewLine = "\n")]
[JsonSerializable(typeof(MeasurementsJson))]
[JsonSerializable(typeof(AwsMeasurementsJson))]
[JsonSerializable(typeof(PcrlockJson))]
[JsonSerializable(typeof(IReadOnlyList<CanonicalRecordJson>))]
internal sealed partial class MeasurementsJsonContext : JsonSerializerContext;

/// <summary>The context as it is used.</summary>
internal static class MeasurementsSerializer
{
    /// <summary>With <c>+</c> and quotes as they are: the document is no part of a web page.</summary>
    public static MeasurementsJsonContext Context { get; } =
        new(new JsonSerializerOptions(MeasurementsJsonContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
