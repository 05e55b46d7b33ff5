using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tree;

namespace Mantle.ImageBuilder.Output;

/// <summary>
/// manifest.json: SHA-256 of every input and output, the plan, the versions. The same inputs give the same manifest, on any machine.
/// </summary>
internal sealed class Manifest(Recipe recipe, LockFile lockFile, TreeDigest tree, BuildResult result, BuildRequest request)
{
    private const int Version = 1;

    // The SDK that compiled this tool, not the runtime that it happens to run on: the latter is the host's and touches no byte.
    private static readonly string s_sdk = typeof(Manifest).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "SdkVersion").Value!;

    /// <param name="outputs">The finished files, with the SHA-256 of those that have been hashed already.</param>
    public byte[] ToJson(IReadOnlyList<(string Name, string Path, string? Sha256)> outputs)
    {
        using MemoryStream stream = new();
        JsonWriterOptions options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter json = new(stream, options))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("name", recipe.Name);
            json.WriteString("release", recipe.Version);
            json.WriteString("architecture", recipe.Architecture);
            json.WriteBoolean("debug", request.Debug);
            json.WriteNumber("epoch", recipe.Epoch);
            json.WriteString("tool", $"imagebuilder {request.ToolVersion}");
            json.WriteString("toolSdk", s_sdk);
            json.WriteString("rootHash", result.RootHash);
            json.WriteStartArray("plan");
            foreach (BuildStep step in BuildPlan.For(request.Debug))
            {
                json.WriteStringValue(step.Name);
            }

            json.WriteEndArray();
            WriteInputs(json);
            json.WriteStartArray("outputs");
            foreach ((string name, string path, string? sha256) in outputs)
            {
                ByteSource content = ByteSource.OpenFile(path);
                WriteFile(json, name, content.Length, sha256 ?? Convert.ToHexStringLower(TreeDigest.HashContent(content)));
            }

            json.WriteEndArray();
            json.WriteStartObject("root");
            foreach ((string path, string digest) in tree.Files.OrderBy(file => file.Key, LinuxText.ByteOrder))
            {
                json.WriteString("/" + path, digest);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private void WriteInputs(Utf8JsonWriter json)
    {
        json.WriteStartObject("inputs");
        WriteInput(json, "recipe", recipe.Path);
        WriteInput(json, "lock", request.LockPath);
        string? toolchain = Sysroot.NameOf(lockFile);
        json.WriteStartArray("sources");
        foreach (SourceFile source in Sources())
        {
            ByteSource content = ByteSource.OpenFile(source.FullPath);
            string digest = Convert.ToHexStringLower(TreeDigest.HashContent(content));
            WriteFile(json, source.Name, content.Length, digest, ProgramTools.Find(source, digest, toolchain));
        }

        json.WriteEndArray();
        json.WriteStartArray("packages");
        foreach (LockedPackage package in lockFile.Packages.Where(package => request.Debug || !package.IsOnlyForTwin))
        {
            json.WriteStartObject();
            json.WriteString("name", package.Name);
            json.WriteString("version", package.Version);
            json.WriteString("path", package.Path);
            json.WriteString("sha256", package.Sha256);
            json.WriteStartArray("uses");
            foreach (string use in package.Uses)
            {
                json.WriteStringValue(use);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private IEnumerable<SourceFile> Sources()
    {
        IEnumerable<SourceFile> sources = recipe.Files.Select(file => file.Source).OfType<SourceFile>().Prepend(recipe.Init);
        return !request.Debug || recipe.Debug is not { } debug ? sources
            : sources.Concat(new[] { debug.Init }.Concat(debug.Files.Select(file => file.Source)).OfType<SourceFile>());
    }

    // The name of the recipe's folder is the user's affair; only the file's name goes in.
    private static void WriteInput(Utf8JsonWriter json, string key, string path)
    {
        ByteSource content = ByteSource.OpenFile(path);
        json.WriteStartObject(key);
        json.WriteString("name", Path.GetFileName(path));
        json.WriteNumber("size", content.Length);
        json.WriteString("sha256", Convert.ToHexStringLower(TreeDigest.HashContent(content)));
        json.WriteEndObject();
    }

    private static void WriteFile(Utf8JsonWriter json, string name, long size, string digest, ProgramTools? tools = null)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteNumber("size", size);
        json.WriteString("sha256", digest);
        if (tools is not null)
        {
            json.WriteStartObject("tools");
            tools.Write(json);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
