using System.Globalization;
using System.Text.Json;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>The files in <c>out-debug/</c>, taken apart by foreign tools as <see cref="FinishedImage"/> takes apart those in <c>out/</c>.</summary>
public sealed class FinishedTwin : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<string> _rootFolder;
    private readonly Lazy<IReadOnlyDictionary<string, string>> _sections;

    public FinishedTwin()
    {
        _rootFolder = new(ExtractRoot);
        _sections = new(DumpSections);
    }

    public static string Disk => BuildOutput.Require("out-debug", "image.raw");

    public static string Uki => BuildOutput.Require("out-debug", "uki.efi");

    public JsonElement Manifest { get; } = Json(File.ReadAllText(BuildOutput.Require("out-debug", "manifest.json")));

    public JsonElement Measurements { get; } = Json(File.ReadAllText(BuildOutput.Require("out-debug", "measurements.json")));

    public JsonElement Difference { get; } = Json(File.ReadAllText(BuildOutput.Require("out-debug", "debug-difference.json")));

    /// <summary>Files with the content of each section of the UKI, by name.</summary>
    public IReadOnlyDictionary<string, string> Sections => _sections.Value;

    /// <summary>The root file system as fsck.erofs unpacks it.</summary>
    public string RootFolder => _rootFolder.Value;

    /// <summary>The changes of one part.</summary>
    public IEnumerable<(string Change, string Name, string? Sealed, string? Twin)> Changes(string part) =>
        from change in Difference.GetProperty("changes").EnumerateArray()
        where change.GetProperty("part").GetString() == part
        select (change.GetProperty("change").GetString()!, change.GetProperty("name").GetString()!, change.GetProperty("sealed").GetString(), change.GetProperty("twin").GetString());

    public void Dispose() => _folder.Dispose();

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private string ExtractRoot()
    {
        JsonElement table = Json(Oracle.Succeed("sfdisk", "--json", Disk)).GetProperty("partitiontable");
        JsonElement root = table.GetProperty("partitions").EnumerateArray().Single(partition => partition.GetProperty("name").GetString() == "root");
        int sector = table.GetProperty("sectorsize").GetInt32();
        Carve(Disk, root.GetProperty("start").GetInt64() * sector, root.GetProperty("size").GetInt64() * sector, _folder["partition"]);
        Oracle.Succeed("fsck.erofs", $"--extract={_folder["root"]}", "--preserve-perms", "--no-preserve-owner", _folder["partition"]);
        return _folder["root"];
    }

    private Dictionary<string, string> DumpSections()
    {
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (ForeignSection section in Objdump.Sections(Uki))
        {
            Carve(Uki, section.Offset, section.Size, files[section.Name] = _folder["section" + section.Name]);
        }

        return files;
    }

    private static void Carve(string from, long offset, long length, string to) => Oracle.Succeed(
        "dd", $"if={from}", $"of={to}", "bs=1M", "iflag=skip_bytes,count_bytes", "status=none",
        string.Create(CultureInfo.InvariantCulture, $"skip={offset}"), string.Create(CultureInfo.InvariantCulture, $"count={length}"));
}
