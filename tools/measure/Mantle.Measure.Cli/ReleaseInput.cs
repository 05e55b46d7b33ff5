using Mantle.Formats.Bytes;
using Mantle.Measure.Explain;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Cli;

/// <summary>Releases as commands are given them: a document, an output folder, an image or a UKI.</summary>
internal static class ReleaseInput
{
    private const string DocumentName = "measurements.json";
    private static readonly string[] s_images = ["image.raw", "uki.efi"];

    /// <summary>Opens one. A folder gives its measurements.json, and the image or UKI beside it for what only bytes can tell.</summary>
    public static ExpectedBoot Open(string path)
    {
        if (!Directory.Exists(path))
        {
            ByteSource source = InputSource.Open(path, "measurements.json, an image, a UKI or an output folder");
            Span<byte> start = stackalloc byte[1];
            source.ReadExactly(0, start[..(int)Math.Min(1, source.Length)]);
            return start[0] == '{' ? ExpectedBoot.FromDocument(path, MeasurementsDocument.Read(source)) : ExpectedBoot.FromImage(path, source);
        }

        string document = Path.Combine(path, DocumentName);
        ImagePrediction? prediction = File.Exists(document) ? MeasurementsDocument.Read(ByteSource.OpenFile(document)) : null;
        string? image = s_images.Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists);
        return image is not null ? ExpectedBoot.FromImage(path, ByteSource.OpenFile(image), prediction)
            : prediction is not null ? ExpectedBoot.FromDocument(path, prediction)
            : throw new UserErrorException($"folder \"{path}\" has neither {DocumentName} nor {string.Join(" nor ", s_images)}", "give the output folder of a build", ExitCode.Environment);
    }

    /// <summary>Opens all releases of a folder: each a document or an output folder. Or, when the folder is an output folder itself, that one.</summary>
    public static IEnumerable<ExpectedBoot> OpenAll(string path)
    {
        if (!Directory.Exists(path) || File.Exists(Path.Combine(path, DocumentName)))
        {
            yield return Open(path);
            yield break;
        }

        foreach (FileSystemInfo entry in new DirectoryInfo(path).EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            if (entry is DirectoryInfo folder ? File.Exists(Path.Combine(folder.FullName, DocumentName)) : entry.Extension == ".json")
            {
                yield return Open(entry is DirectoryInfo ? Path.Combine(entry.FullName, DocumentName) : entry.FullName);
            }
        }
    }
}
