using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tree;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Twin;

/// <summary>
/// Tells a debug twin by its own bytes, and refuses it. The mark is os-release(5) with <c>VARIANT_ID=debug</c>: in the section .osrel of the
/// UKI, which the stub measures into PCR 11, and in the root file system, which the root hash covers. A manifest can be lost or rewritten; it
/// is asked too, but it is not what decides.
/// </summary>
public static class DebugTwin
{
    /// <summary>The value of VARIANT and VARIANT_ID.</summary>
    public const string Variant = "debug";

    /// <summary>The end of IMAGE_ID.</summary>
    public const string ImageSuffix = "-debug";

    private const string OsReleaseFormat = "os-release";
    private const int MaximumOsReleaseSize = 1 << 20;
    private const int MaximumManifestSize = 64 << 20;
    private static readonly string[] s_osReleasePaths = ["etc/os-release", "usr/lib/os-release", "etc/initrd-release"];

    /// <summary>Whether a text of os-release(5) has the mark. One of its three lines is enough: a half-removed mark is still one.</summary>
    /// <exception cref="MalformedInputException">It is larger than any such file.</exception>
    public static bool IsMarked(ByteSource osRelease)
    {
        if (osRelease.Length > MaximumOsReleaseSize)
        {
            throw new MalformedInputException(OsReleaseFormat, 0, $"{osRelease.Length} bytes are more than the {MaximumOsReleaseSize} that such a file can have");
        }

        foreach (string line in LinuxText.Decode(osRelease.ToArray()).Split('\n'))
        {
            string[] parts = line.Trim([' ', '\t', '\r', '\0']).Split('=', 2);
            string value = parts.Length == 2 ? parts[1].Trim(['"', '\'', ' ', '\t']) : "";
            bool isMark = parts[0].Trim() switch
            {
                "VARIANT" or "VARIANT_ID" => value.Equals(Variant, StringComparison.OrdinalIgnoreCase),
                "IMAGE_ID" => value.EndsWith(ImageSuffix, StringComparison.OrdinalIgnoreCase),
                _ => false,
            };
            if (isMark)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The places of an image that have the mark; empty: it is no twin.</summary>
    /// <param name="image">A raw disk with a GPT, or a UKI by itself.</param>
    /// <exception cref="MalformedInputException">
    /// It cannot be looked into: neither of the two, or an ESP, a UKI or a root partition in it is not readable. What is not known is not accepted.
    /// </exception>
    public static IReadOnlyList<string> FindMarks(ByteSource image)
    {
        List<string> marks = [];
        if (IsPe(image))
        {
            AddUki(marks, "UKI", image);
            return marks;
        }

        foreach (GptPartition partition in GptReader.Read(image).Partitions)
        {
            if (partition.TypeId == DiscoverablePartitions.EfiSystem)
            {
                foreach (FatEntry file in FatReader.Read(partition.Content).Entries.Where(entry => !entry.IsDirectory && IsPe(entry.Content)))
                {
                    AddUki(marks, $"partition {partition.Number}, {file.Path}", file.Content);
                }
            }
            else if (partition.TypeId == DiscoverablePartitions.RootX64 || ErofsReader.IsErofs(partition.Content))
            {
                AddRoot(marks, $"partition {partition.Number}", ErofsReader.Open(partition.Content).ReadTree());
            }
        }

        return marks;
    }

    /// <summary>Refuses an image that is a debug twin, by its bytes.</summary>
    /// <param name="image">A raw disk with a GPT, or a UKI by itself.</param>
    /// <param name="name">What to call it.</param>
    /// <exception cref="UserErrorException">It is a twin; exit code 3.</exception>
    /// <exception cref="MalformedInputException">It cannot be looked into.</exception>
    public static void Refuse(ByteSource image, string name)
    {
        if (FindMarks(image) is [string place, ..])
        {
            throw Refused(name, place);
        }
    }

    /// <summary>Refuses a build whose image or whose manifest says that it is a debug twin; the image is asked first.</summary>
    /// <param name="image">A raw disk with a GPT, or a UKI by itself.</param>
    /// <param name="name">What to call it.</param>
    /// <param name="manifest">Its manifest.json.</param>
    /// <exception cref="UserErrorException">It is a twin; exit code 3.</exception>
    /// <exception cref="MalformedInputException">Image or manifest cannot be looked into.</exception>
    public static void Refuse(ByteSource image, string name, ByteSource manifest)
    {
        Refuse(image, name);
        if (IsMarkedManifest(manifest))
        {
            throw Refused(name, "manifest.json");
        }
    }

    /// <summary>Refuses a prediction that was made of a twin.</summary>
    /// <exception cref="UserErrorException">It is one; exit code 3.</exception>
    public static void Refuse(ImagePrediction prediction, string name)
    {
        if (prediction.IsDebugTwin)
        {
            throw Refused(name, "section .osrel");
        }
    }

    /// <summary>Whether a manifest.json has <c>"debug": true</c>, or anything but a plain no.</summary>
    /// <exception cref="MalformedInputException">It is no manifest.</exception>
    public static bool IsMarkedManifest(ByteSource manifest)
    {
        const string Format = "manifest";
        if (manifest.Length > MaximumManifestSize)
        {
            throw new MalformedInputException(Format, 0, $"{manifest.Length} bytes are more than the {MaximumManifestSize} that such a document can have");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(manifest.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.TryGetProperty("debug", out JsonElement debug) && debug.ValueKind != JsonValueKind.False
                : throw new MalformedInputException(Format, 0, "not a JSON object");
        }
        catch (JsonException problem)
        {
            throw new MalformedInputException(Format, problem.BytePositionInLine ?? 0, "not a JSON object");
        }
    }

    internal static UserErrorException Refused(string name, string place) => new(
        $"\"{name}\" is a debug twin ({place}): it is for looking inside and for nothing else", "give the sealed image, out/image.raw", ExitCode.Malformed);

    private static void AddUki(List<string> marks, string place, ByteSource file)
    {
        PeImage image = PeImage.Read(file);
        foreach (PeSection section in image.Sections.Where(section => section.Name == UkiSectionName.OsRelease))
        {
            if (IsMarked(image.ContentOf(section)))
            {
                marks.Add($"{place}, section {section.Name}");
            }
        }
    }

    private static void AddRoot(List<string> marks, string place, FileTree tree)
    {
        foreach (string path in s_osReleasePaths)
        {
            if (tree.TryFind(path, out FileNode? file) && file.Kind == FileKind.Regular && IsMarked(file.Content))
            {
                marks.Add($"{place}, /{path}");
            }
        }
    }

    private static bool IsPe(ByteSource content)
    {
        if (content.Length < 2)
        {
            return false;
        }

        Span<byte> magic = stackalloc byte[2];
        content.ReadExactly(0, magic);
        return magic.SequenceEqual("MZ"u8);
    }
}
