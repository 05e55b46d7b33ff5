using System.Text.Json;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Output;

/// <summary>
/// What made a program that the recipe brings in: the file <c>PROGRAM.tools.json</c> that appliance/Guest.targets writes beside it. A program
/// without such a file is an input like any other, of which only the digest is known.
/// </summary>
/// <param name="Sdk">Version of the .NET SDK, with its C# compiler.</param>
/// <param name="Packages">IL compiler and runtime packs.</param>
/// <param name="Toolchain">Name of the unpacked toolchain that linked it; see <see cref="Mantle.ImageBuilder.Packages.Sysroot"/>.</param>
internal sealed record ProgramTools(string Sdk, IReadOnlyList<ToolPackage> Packages, string Toolchain)
{
    private const int MaximumSize = 1 << 16;
    private const string Hint = "make the program again (make guest)";

    /// <summary>Reads what is known about a program. Null: nothing is.</summary>
    /// <param name="source">The program.</param>
    /// <param name="digest">SHA-256 of the program, in lower-case hexadecimal.</param>
    /// <param name="toolchain">Name of the toolchain that the lock has, or null when it has none.</param>
    /// <exception cref="UserErrorException">The file speaks of other bytes or another toolchain, or is malformed.</exception>
    public static ProgramTools? Find(SourceFile source, string digest, string? toolchain)
    {
        FileInfo file = new(source.FullPath + ".tools.json");
        if (!file.Exists)
        {
            return null;
        }

        if (file.Length > MaximumSize)
        {
            throw new UserErrorException($"\"{file.FullName}\" has {file.Length:N0} bytes; such a file has at most {MaximumSize:N0}", Hint);
        }

        (ProgramTools tools, string program) = Read(file);
        if (program != digest)
        {
            throw new UserErrorException($"\"{file.FullName}\" speaks of a program with SHA-256 {program}, but \"{source.Name}\" has {digest}", Hint);
        }

        return tools.Toolchain == toolchain
            ? tools
            : throw new UserErrorException(
                $"\"{source.Name}\" was linked with toolchain \"{tools.Toolchain}\", but the lock has \"{toolchain ?? "none"}\"", Hint);
    }

    /// <summary>Writes the members of one JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("sdk", Sdk);
        json.WriteStartArray("packages");
        foreach (ToolPackage package in Packages)
        {
            json.WriteStartObject();
            json.WriteString("name", package.Name);
            json.WriteString("version", package.Version);
            json.WriteString("contentHash", package.ContentHash);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("toolchain", Toolchain);
    }

    private static (ProgramTools Tools, string Program) Read(FileInfo file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file.FullName));
            JsonElement root = document.RootElement;
            if (root.GetProperty("version").GetInt32() != 1)
            {
                throw new UserErrorException($"\"{file.FullName}\" has version {root.GetProperty("version")}; 1 is known", Hint);
            }

            ToolPackage[] packages =
            [
                .. root.GetProperty("packages").EnumerateArray().Select(package => new ToolPackage(
                    Text(package, "name"), Text(package, "version"), Text(package, "contentHash"))),
            ];
            return (new(Text(root, "sdk"), packages, Text(root, "toolchain")), Text(root, "sha256"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new UserErrorException($"\"{file.FullName}\" is not what Guest.targets writes", Hint, ExitCode.Malformed, e);
        }
    }

    private static string Text(JsonElement parent, string name) => parent.GetProperty(name).GetString() ?? throw new FormatException(name);
}

/// <summary>A NuGet package whose programs or archives went into a program.</summary>
/// <param name="Name">Its identifier, in lower case.</param>
/// <param name="Version">Its version.</param>
/// <param name="ContentHash">SHA-512 of its content as NuGet computes it, in base 64.</param>
internal sealed record ToolPackage(string Name, string Version, string ContentHash);
