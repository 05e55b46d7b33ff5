using System.Text;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tree;

/// <summary>What the builder itself puts into the root: process 1, its configuration, os-release, the resolver's link.</summary>
public static partial class ApplianceFiles
{
    /// <summary>Where process 1 is in the root; the initrd's second act is to start it.</summary>
    public const string InitPath = "usr/sbin/init";

    /// <summary>The configuration of process 1.</summary>
    public const string ConfigurationPath = "etc/mantle/appliance.json";

    private const int MaximumConfigurationLength = 256 * 1024;

    internal static void Add(FileTree tree, Recipe recipe)
    {
        Put(InitPath, FileNode.Regular(RootTree.OpenSource(recipe.Init), 0b111_101_101));
        Put(ConfigurationPath, FileNode.Regular(ByteSource.FromMemory(Configuration(recipe))));
        Put("usr/lib/os-release", FileNode.Regular(ByteSource.FromMemory(OsRelease(recipe))));
        Put("etc/os-release", FileNode.SymbolicLink("../usr/lib/os-release"));
        if (recipe.Network == "dhcp")
        {
            Put("etc/resolv.conf", FileNode.SymbolicLink("../run/resolv.conf"));
        }

        foreach (MemoryFileSystem memory in recipe.MemoryFileSystems)
        {
            if (!tree.TryFind(memory.Path, out _))
            {
                Put(memory.Path, FileNode.Directory());
            }
        }

        void Put(string path, FileNode node)
        {
            node.Origin = "the builder";
            RootTree.Place(tree, path, node, recipe.Path);
        }
    }

    /// <summary>os-release(5) of the sealed image: in the root and, measured, in the UKI.</summary>
    public static byte[] OsRelease(Recipe recipe) => Encoding.UTF8.GetBytes(
        $"""
        ID={recipe.Name}
        NAME="{recipe.Name}"
        PRETTY_NAME="{recipe.Name} {recipe.Version}"
        VERSION_ID={recipe.Version}
        IMAGE_ID={recipe.Name}
        IMAGE_VERSION={recipe.Version}
        VARIANT_ID=sealed

        """);

    /// <summary>The configuration that process 1 reads from the verified root (appliance/init documents it).</summary>
    internal static byte[] Configuration(Recipe recipe)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            ServiceRecipe service = recipe.Service;
            uint user = recipe.Users.First(u => u.Name == service.User).Id;
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteString("name", recipe.Name);
            json.WriteString("release", recipe.Version);
            json.WriteString("hostname", recipe.Name);
            json.WriteString("network", recipe.Network);
            json.WriteStartArray("tmpfs");
            foreach (MemoryFileSystem memory in recipe.MemoryFileSystems)
            {
                json.WriteStartObject();
                json.WriteString("path", memory.Path);
                json.WriteNumber("size_bytes", memory.Size);
                json.WriteString("mode", memory.Path == "/tmp" ? "1777" : "0755");
                json.WriteBoolean("exec", false);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartObject("service");
            json.WriteString("exec", service.Exec);
            WriteTexts(json, "arguments", service.Arguments);
            json.WriteNumber("user_id", user);
            json.WriteNumber("group_id", user);
            json.WriteStartObject("environment");
            foreach ((string name, string value) in service.Environment)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            json.WriteString("working_directory", "/");
            json.WriteString("restart", service.Restart);
            json.WriteNumber("restart_delay_ms", (long)service.RestartDelay.TotalMilliseconds);
            json.WriteNumber("stop_timeout_ms", (long)service.StopTimeout.TotalMilliseconds);
            WriteTexts(json, "writable", service.Writable);
            json.WriteEndObject();
            WriteUnseal(json, recipe);
            json.WriteString("on_failure", recipe.OnFailure);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.Length <= MaximumConfigurationLength
            ? stream.ToArray()
            : throw new UserErrorException(
                $"{recipe.Service.Position}: the configuration of process 1 has {stream.Length:N0} bytes; it takes {MaximumConfigurationLength:N0}",
                "put long arguments into a file");
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
