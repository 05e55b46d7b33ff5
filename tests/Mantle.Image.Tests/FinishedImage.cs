using System.Text.Json;
using Mantle.Testing;

[assembly: AssemblyFixture(typeof(Mantle.Image.Tests.FinishedImage))]

namespace Mantle.Image.Tests;

/// <summary>
/// The files in <c>out/</c>, taken apart by foreign tools only: sfdisk says where partitions lie, objdump where sections, fsck.erofs unpacks the root.
/// Nothing of ours reads here, so that a reader that shares its writer's mistake cannot hide it.
/// </summary>
public sealed class FinishedImage : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<JsonElement> _manifest;
    private readonly Lazy<JsonElement> _measurements;
    private readonly Lazy<JsonElement> _table;
    private readonly Lazy<IReadOnlyDictionary<string, string>> _partitions;
    private readonly Lazy<IReadOnlyDictionary<string, string>> _sections;
    private readonly Lazy<string> _rootFolder;
    private readonly Lazy<string> _initrdFolder;

    public FinishedImage()
    {
        _manifest = new(() => Json(File.ReadAllText(BuildOutput.Require("out", "manifest.json"))));
        _measurements = new(() => Json(File.ReadAllText(BuildOutput.Require("out", "measurements.json"))));
        _table = new(() => Json(Oracle.Succeed("sfdisk", "--json", Disk)).GetProperty("partitiontable"));
        _partitions = new(CarvePartitions);
        _sections = new(DumpSections);
        _rootFolder = new(ExtractRoot);
        _initrdFolder = new(ExtractInitrd);
    }

    public static string Disk => BuildOutput.Require("out", "image.raw");

    public static string Uki => BuildOutput.Require("out", "uki.efi");

    public JsonElement Manifest => _manifest.Value;

    public JsonElement Measurements => _measurements.Value;

    /// <summary>The partition table as sfdisk sees it.</summary>
    public JsonElement Table => _table.Value;

    public string RootHash => Manifest.GetProperty("rootHash").GetString()!;

    /// <summary>Files with a copy of each partition, by the partition's name.</summary>
    public IReadOnlyDictionary<string, string> Partitions => _partitions.Value;

    /// <summary>Files with the content of each section of the UKI, by name, in the order of the file.</summary>
    public IReadOnlyDictionary<string, string> Sections => _sections.Value;

    /// <summary>The root file system as fsck.erofs unpacks it.</summary>
    public string RootFolder => _rootFolder.Value;

    /// <summary>The initrd as cpio unpacks it.</summary>
    public string InitrdFolder => _initrdFolder.Value;

    /// <summary>The predicted events of a PCR.</summary>
    public IEnumerable<JsonElement> Events(int index) => Pcr(index).GetProperty("events").EnumerateArray();

    /// <summary>What measurements.json says about a PCR.</summary>
    public JsonElement Pcr(int index) => Measurements.GetProperty("pcrs").EnumerateArray().Single(pcr => pcr.GetProperty("index").GetInt32() == index);

    public void Dispose() => _folder.Dispose();

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private Dictionary<string, string> CarvePartitions()
    {
        int sector = Table.GetProperty("sectorsize").GetInt32();
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (JsonElement partition in Table.GetProperty("partitions").EnumerateArray())
        {
            string name = partition.GetProperty("name").GetString()!;
            Carve(Disk, partition.GetProperty("start").GetInt64() * sector, partition.GetProperty("size").GetInt64() * sector, files[name] = _folder["partition-" + name]);
        }

        return files;
    }

    private static void Carve(string from, long offset, long length, string to)
    {
        Oracle.Succeed("dd", $"if={from}", $"of={to}", "bs=1M", "conv=sparse", "iflag=skip_bytes,count_bytes", "status=none", $"skip={offset}", $"count={length}");

        // dd does not write a hole at the end.
        using FileStream file = File.OpenWrite(to);
        file.SetLength(length);
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

    private string ExtractRoot()
    {
        string folder = _folder["root"];
        Oracle.Succeed("fsck.erofs", $"--extract={folder}", "--preserve-perms", "--no-preserve-owner", Partitions["root"]);
        return folder;
    }

    private string ExtractInitrd()
    {
        string folder = _folder["initrd"];
        Directory.CreateDirectory(folder);
        Oracle.Succeed("cpio", "--extract", "--quiet", "--no-absolute-filenames", "--make-directories", $"--directory={folder}", $"--file={Sections[".initrd"]}");
        return folder;
    }
}
