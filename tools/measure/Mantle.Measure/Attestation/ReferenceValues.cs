using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Attestation;

/// <summary>Expected registers from a file: <c>measurements.json</c>, or what AWS's nitro-tpm-pcr-compute prints.</summary>
public static class ReferenceValues
{
    /// <summary>The file's name in a release folder.</summary>
    public const string FileName = "measurements.json";

    private const int MaximumSize = 4 << 20;

    /// <summary>
    /// Registers that may differ on a sound machine: 5 with the partition table's place on the disk, 9 with the kernel's version, 11 with what the running system extends.
    /// </summary>
    private static readonly int[] s_unbound = [0, 1, 2, 3, 5, 6, 9, 10, 11, 14, 15];

    /// <summary>Reads the file that a path names, or the one in a release folder.</summary>
    /// <exception cref="UserErrorException">There is none.</exception>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public static IReadOnlyList<ExpectedPcr> Load(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        return File.Exists(file)
            ? Read(ByteSource.OpenFile(file), Path.GetFileName(file))
            : throw new UserErrorException($"\"{file}\" does not exist", $"name a {FileName} or a folder that holds one", ExitCode.Environment);
    }

    /// <summary>Reads a file's content.</summary>
    /// <param name="source">The content.</param>
    /// <param name="name">Its name, for the evidence.</param>
    public static IReadOnlyList<ExpectedPcr> Read(ByteSource source, string name) =>
        Bind(IsAws(source) ? ReadAws(source) : ValuesOf(MeasurementsDocument.Read(source)), name);

    /// <summary>The registers of a prediction, such as one of a verified release.</summary>
    /// <param name="prediction">The prediction.</param>
    /// <param name="name">Its name, for the evidence.</param>
    public static IReadOnlyList<ExpectedPcr> Of(ImagePrediction prediction, string name) => Bind(ValuesOf(prediction), name);

    private static List<ExpectedPcr> Bind(IEnumerable<(int Index, TpmDigest Value)> values, string name) =>
        values.Select(pcr => new ExpectedPcr(pcr.Index, pcr.Value, name, !s_unbound.Contains(pcr.Index))).ToList();

    private static IEnumerable<(int Index, TpmDigest Value)> ValuesOf(ImagePrediction prediction) =>
        from pcr in prediction.Pcrs
        where pcr.Basis == PcrBasis.Image // of the rest the firmware or the system has the last word
        from value in pcr.Values
        select (pcr.Index, value.Value);

    private static bool IsAws(ByteSource source) => source.Length <= MaximumSize && source.ToArray().AsSpan().IndexOf("\"Measurements\""u8) >= 0;

    private static List<(int Index, TpmDigest Value)> ReadAws(ByteSource source)
    {
        const string Format = "aws measurements";
        List<(int, TpmDigest)> pcrs = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(source.ToArray());
            foreach (JsonProperty member in document.RootElement.GetProperty("Measurements").EnumerateObject())
            {
                string text = member.Value.GetString() ?? "";
                if (member.Name == "HashAlgorithm")
                {
                    // Older builds print "SHA384 { ... }".
                    if (!text.StartsWith("SHA384", StringComparison.Ordinal))
                    {
                        throw new MalformedInputException(Format, 0, "the hash algorithm is not SHA384");
                    }
                }
                else if (member.Name.StartsWith("PCR", StringComparison.Ordinal) && int.TryParse(member.Name.AsSpan(3), System.Globalization.NumberStyles.None, null, out int index) && index < PcrValues.RegisterCount
                    && pcrs.TrueForAll(known => known.Item1 != index))
                {
                    pcrs.Add((index, TpmDigest.FromHex(TpmAlgorithm.Sha384, text)));
                }
                else
                {
                    throw new MalformedInputException(Format, 0, $"\"{member.Name}\" is not one PCR, once");
                }
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new MalformedInputException(Format, 0, "not what nitro-tpm-pcr-compute prints");
        }

        return pcrs;
    }
}
