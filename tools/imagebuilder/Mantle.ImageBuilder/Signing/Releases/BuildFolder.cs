using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Measure;
using Mantle.Measure.Prediction;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>The finished files of a build, as its manifest names them.</summary>
internal sealed class BuildFolder
{
    public const string ImageName = "image.raw";
    public const string UkiName = "uki.efi";
    public const string MeasurementsName = "measurements.json";
    public const string AuditName = "audit.json";
    public const string SbomName = "sbom.spdx.json";
    public const string ManifestName = "manifest.json";

    private const int MaximumSize = 64 << 20;
    private readonly string _folder;
    private readonly Dictionary<string, string> _outputs = new(StringComparer.Ordinal);

    private BuildFolder(string folder, byte[] manifest)
    {
        _folder = folder;
        Manifest = manifest;
    }

    /// <summary>manifest.json.</summary>
    public byte[] Manifest { get; }

    public string Name { get; private set; } = "";

    public string Version { get; private set; } = "";

    public long Epoch { get; private set; }

    /// <summary>Reads manifest.json, and every small file that it names once, compared with its digest.</summary>
    /// <exception cref="UserErrorException">It is no finished build.</exception>
    public static BuildFolder Read(string folder)
    {
        string path = Path.Combine(folder, ManifestName);
        if (!File.Exists(path))
        {
            throw new UserErrorException($"\"{folder}\" has no {ManifestName}", "give the output folder of \"imagebuilder build\"");
        }

        BuildFolder build = new(folder, ReadSmall(path));
        try
        {
            using JsonDocument document = JsonDocument.Parse(build.Manifest, new() { AllowDuplicateProperties = false });
            JsonElement root = document.RootElement;
            build.Name = Text(root, "name");
            build.Version = Text(root, "release");
            build.Epoch = root.GetProperty("epoch").GetInt64();
            foreach (JsonElement output in root.GetProperty("outputs").EnumerateArray())
            {
                build._outputs.Add(Text(output, "name"), Text(output, "sha256"));
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new UserErrorException($"\"{path}\" is no manifest of a build", "build the image again", ExitCode.Malformed, e);
        }

        return build;
    }

    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>SHA-256 of an output as the manifest has it.</summary>
    public string Sha256Of(string name) =>
        _outputs.TryGetValue(name, out string? digest) ? digest : throw new UserErrorException($"the manifest of \"{_folder}\" names no \"{name}\"", "build the image again");

    /// <summary>A file whose bytes are those that the manifest names.</summary>
    /// <exception cref="UserErrorException">They are not; exit code 2.</exception>
    public byte[] Content(string name)
    {
        byte[] bytes = ReadSmall(PathOf(name));
        RefuseOther(name, ByteSource.FromMemory(bytes));
        return bytes;
    }

    /// <summary>Refuses content that is not what the manifest names.</summary>
    public void RefuseOther(string name, ByteSource content)
    {
        string digest = Convert.ToHexStringLower(ContentDigest.Compute(content, System.Security.Cryptography.HashAlgorithmName.SHA256));
        if (digest != Sha256Of(name))
        {
            throw new UserErrorException($"\"{PathOf(name)}\" has SHA-256 {digest}, the manifest says {Sha256Of(name)}", "build the image again", ExitCode.Mismatch);
        }
    }

    /// <summary>The build's own prediction, with Secure Boot off.</summary>
    public ImagePrediction Measurements() => MeasurementsDocument.Read(ByteSource.FromMemory(Content(MeasurementsName)));

    /// <summary>The packages that the boot file was made of.</summary>
    /// <param name="size">The image's size in bytes.</param>
    public SourcePackages Packages(long size) => SourcePackages.Of(ByteSource.FromMemory(Manifest), ImageName, size);

    private static byte[] ReadSmall(string path)
    {
        FileInfo file = new(path);
        return !file.Exists ? throw new UserErrorException($"\"{path}\" does not exist", "give the output folder of \"imagebuilder build\"")
            : file.Length > MaximumSize ? throw new UserErrorException($"\"{path}\" has {file.Length:N0} bytes; at most {MaximumSize:N0} are possible")
            : File.ReadAllBytes(path);
    }

    private static string Text(JsonElement parent, string name) => parent.GetProperty(name).GetString() ?? throw new FormatException(name);
}
