using System.Text.Json;
using System.Text.Json.Serialization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Twin;

/// <summary>
/// The file <c>debug-measurements.json</c>: PCR values of debug twins, which no key policy may ever name (docs/debug-twin.md). It catches what the
/// mark cannot: a policy that somebody writes from values alone.
/// </summary>
public sealed class DenyList
{
    /// <summary>The version that is written and the only one that is read.</summary>
    public const int Version = 1;

    /// <summary>
    /// The PCRs that tell a twin: those that the UKI determines. 7, 12 and 13 are the same in every image and would deny the sealed one too.
    /// </summary>
    public static IReadOnlyList<int> Pcrs { get; } = [4, 9, 11];

    private const string Format = "deny list";
    private const int MaximumSize = 4 << 20;

    private DenyList(IReadOnlyList<DeniedTwin> twins) => Twins = twins;

    /// <summary>The twins.</summary>
    public IReadOnlyList<DeniedTwin> Twins { get; }

    /// <summary>Makes the list of one twin.</summary>
    /// <param name="name">Name of the appliance.</param>
    /// <param name="release">Its version.</param>
    /// <param name="rootHash">The twin's root hash, lower-case hexadecimal.</param>
    /// <param name="prediction">The twin's measurements.</param>
    public static DenyList Of(string name, string release, string rootHash, ImagePrediction prediction) => new(
    [
        new(name, release, rootHash, [.. prediction.Pcrs.Where(pcr => Pcrs.Contains(pcr.Index)).SelectMany(pcr => pcr.Values.Values.Select(value => (pcr.Index, value)))]),
    ]);

    /// <summary>Writes UTF-8 with LF, indented by two spaces, with a final LF.</summary>
    public void Write(Stream output)
    {
        JsonSerializer.Serialize(
            output,
            new DenyListJson(Version, [.. Twins.Select(ToJson)]),
            DenyListContext.Default.DenyListJson);
        output.WriteByte((byte)'\n');
    }

    /// <summary>Reads a list.</summary>
    /// <exception cref="MalformedInputException">It is none, or of another version.</exception>
    public static DenyList Read(ByteSource source)
    {
        if (source.Length > MaximumSize)
        {
            throw Malformed($"{source.Length} bytes are more than the {MaximumSize} that such a document can have");
        }

        DenyListJson json;
        try
        {
            json = JsonSerializer.Deserialize(source.ToArray(), DenyListContext.Default.DenyListJson) ?? throw Malformed("it is null");
        }
        catch (JsonException e)
        {
            throw Malformed($"line {(e.LineNumber ?? 0) + 1}, {e.Path ?? "$"}: not what the schema asks for");
        }

        return json.Version == Version ? new([.. json.Denied.Select(FromJson)]) : throw Malformed($"version {json.Version} is not understood, {Version} is");
    }

    /// <summary>The twin that has this value in this PCR, or null.</summary>
    public DeniedTwin? Find(int pcr, TpmDigest value) => Twins.FirstOrDefault(twin => twin.Values.Contains((pcr, value)));

    /// <summary>Refuses a prediction that has the values of a denied twin, marked or not.</summary>
    /// <exception cref="UserErrorException">It has; exit code 3.</exception>
    public void Refuse(ImagePrediction prediction, string name)
    {
        foreach (PredictedPcr pcr in prediction.Pcrs)
        {
            if (pcr.Values.Values.Select(value => Find(pcr.Index, value)).FirstOrDefault(twin => twin is not null) is { } twin)
            {
                throw DebugTwin.Refused(name, $"PCR {pcr.Index} is that of the twin of {twin.Name} {twin.Release}");
            }
        }
    }

    private static DeniedTwinJson ToJson(DeniedTwin twin) => new(
        twin.Name, twin.Release, twin.RootHash,
        [
            .. twin.Values.GroupBy(value => value.Pcr).Select(pcr => new DeniedPcrJson(
                pcr.Key, pcr.ToDictionary(value => value.Value.Algorithm.Name(), value => value.Value.ToString()))),
        ]);

    private static DeniedTwin FromJson(DeniedTwinJson json)
    {
        List<(int, TpmDigest)> values = [];
        foreach (DeniedPcrJson pcr in json.Pcrs)
        {
            foreach ((string bank, string hex) in pcr.Values)
            {
                bool isRight = TpmHash.TryParse(bank, out TpmAlgorithm algorithm) && Pcrs.Contains(pcr.Index)
                    && hex.Length == 2 * algorithm.DigestSize() && hex.All(char.IsAsciiHexDigitLower);
                values.Add(isRight ? (pcr.Index, new(algorithm, Convert.FromHexString(hex))) : throw Malformed($"PCR {pcr.Index} of bank \"{bank}\" has no value that can be denied"));
            }
        }

        return values.Count > 0 ? new(json.Name, json.Release, json.RootHash, values) : throw Malformed($"\"{json.Name}\" has no value: it would deny nothing");
    }

    private static MalformedInputException Malformed(string problem) => new(Format, 0, problem);
}

/// <summary>A twin whose measurements are denied.</summary>
/// <param name="Name">Name of the appliance.</param>
/// <param name="Release">Its version.</param>
/// <param name="RootHash">Its root hash, lower-case hexadecimal.</param>
/// <param name="Values">Its values, of every bank.</param>
public sealed record DeniedTwin(string Name, string Release, string RootHash, IReadOnlyList<(int Pcr, TpmDigest Value)> Values);

internal sealed record DenyListJson(int Version, IReadOnlyList<DeniedTwinJson> Denied);

internal sealed record DeniedTwinJson(string Name, string Release, string RootHash, IReadOnlyList<DeniedPcrJson> Pcrs);

internal sealed record DeniedPcrJson(int Index, Dictionary<string, string> Values);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true,
    IndentSize = 2,
    NewLine = "\n")]
[JsonSerializable(typeof(DenyListJson))]
internal sealed partial class DenyListContext : JsonSerializerContext;
