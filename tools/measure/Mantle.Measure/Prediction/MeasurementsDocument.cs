using System.Text.Json;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Prediction;

/// <summary>
/// The file <c>measurements.json</c>: a prediction as JSON (docs/measurements.md, docs/schemas/measurements.schema.json). Written in one way
/// only, so that equal predictions are equal bytes; read strictly.
/// </summary>
public static class MeasurementsDocument
{
    /// <summary>The version that is written. Version 1 is read as well.</summary>
    public const int Version = 2;

    internal const string Format = "measurements";

    /// <summary>Larger than any prediction of all PCRs and banks by two orders of magnitude.</summary>
    private const int MaximumSize = 4 << 20;

    /// <summary>Writes UTF-8 with LF, indented by two spaces, with a final LF.</summary>
    public static void Write(ImagePrediction prediction, Stream output)
    {
        JsonSerializer.Serialize(output, MeasurementsMapping.ToJson(prediction), MeasurementsSerializer.Context.MeasurementsJson);
        output.WriteByte((byte)'\n');
    }

    /// <summary>Reads a document and checks that its values are what its events lead to.</summary>
    /// <exception cref="MalformedInputException">It is no such document, of another version, or contradicts itself.</exception>
    public static ImagePrediction Read(ByteSource source)
    {
        if (source.Length > MaximumSize)
        {
            throw new MalformedInputException(Format, 0, $"{source.Length} bytes are more than the {MaximumSize} that such a document can have");
        }

        try
        {
            MeasurementsJson json = JsonSerializer.Deserialize(source.ToArray(), MeasurementsSerializer.Context.MeasurementsJson)
                ?? throw Malformed("it is null");
            return MeasurementsMapping.FromJson(json);
        }
        catch (JsonException e)
        {
            throw Malformed($"line {(e.LineNumber ?? 0) + 1}, {e.Path ?? "$"}: not what the schema asks for");
        }
    }

    internal static MalformedInputException Malformed(string problem) => new(Format, 0, problem);
}
