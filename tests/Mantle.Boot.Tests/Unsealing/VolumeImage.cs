using System.Text.Json;
using Mantle.Testing;

namespace Mantle.Boot.Tests.Unsealing;

/// <summary>The sample appliance with one plain volume, built by the published tool from a copy of the recipe.</summary>
public sealed class VolumeImage : IDisposable
{
    /// <summary>Where process 1 tells the stage code.</summary>
    internal const int StatusPort = 8009;

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<string> _disk;

    public VolumeImage() => _disk = new(Build);

    /// <summary>The appliance's disk. The first caller builds it.</summary>
    internal string Disk => _disk.Value;

    /// <summary>The volume that the recipe pins.</summary>
    internal string Volume => _folder["weights.img"];

    /// <summary>A volume of the same size with other content under the pinned one's UUID.</summary>
    internal string Swapped
    {
        get
        {
            string path = _folder["swapped.img"];
            File.Copy(Make("other", "other.img").Path, path, overwrite: true);
            string id = Oracle.Succeed("sgdisk", "-i", "1", Volume).Split('\n').Single(line => line.StartsWith("Partition unique GUID: ", StringComparison.Ordinal))[23..];
            Oracle.Succeed("sgdisk", $"--partition-guid=1:{id}", path);
            return path;
        }
    }

    /// <summary>The volume without its end.</summary>
    internal string Truncated
    {
        get
        {
            string path = _folder["truncated.img"];
            File.Copy(Volume, path, overwrite: true);
            using FileStream file = File.OpenWrite(path);
            file.SetLength(file.Length - (2 << 20));
            return path;
        }
    }

    public void Dispose() => _folder.Dispose();

    private static string Tool => BuildOutput.Require("dist", "imagebuilder");

    private string Build()
    {
        // What "make image" has made is what this needs, too: programs, lock and packages.
        _ = BuiltImage.Disk;
        string recipe = File.ReadAllText(Repository.PathOf("appliance", "appliance.yaml"));
        Assert.SkipUnless(recipe.Contains("\nunseal:\n", StringComparison.Ordinal), "the sample recipe unseals nothing");
        string rootHash = Make("weights", "weights.img").RootHash;
        recipe = recipe
            .Replace("source: ../artifacts/", $"source: {Repository.PathOf("artifacts")}/", StringComparison.Ordinal)
            .Replace("source: debug/", $"source: {Repository.PathOf("appliance", "debug")}/", StringComparison.Ordinal)
            .Replace("\nunseal:\n", $"\nunseal:\n  status-port: {StatusPort}\n  attempts: 3\n  volumes:\n    - name: weights\n      root-hash: {rootHash}\n", StringComparison.Ordinal);
        File.WriteAllText(_folder["appliance.yaml"], recipe);
        Oracle.Succeed(Tool, "build", _folder["appliance.yaml"], "--lock", SampleLock.Path, "--output", _folder["out"]);
        return _folder["out/image.raw"];
    }

    private (string Path, string RootHash) Make(string source, string name)
    {
        Directory.CreateDirectory(_folder[source]);
        byte[] content = new byte[4 << 20];
        new Random(source.Length).NextBytes(content);
        File.WriteAllBytes(_folder[$"{source}/model.bin"], content);
        string said = Oracle.Succeed(Tool, "volume", "create", _folder[source], "--out", _folder[name], "--name", "weights", "--force", "--json");
        using JsonDocument json = JsonDocument.Parse(said);
        return (_folder[name], json.RootElement.GetProperty("rootHash").GetString()!);
    }
}
