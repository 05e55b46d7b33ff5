using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;

namespace Mantle.ImageBuilder.Boot;

/// <summary>
/// What the .modinfo sections of a package's modules say. Reading one means decompressing the module, so what has been read once is kept in the
/// cache with the package.
/// </summary>
internal sealed class ModuleIndex
{
    // The number is the version of what is kept and of what KernelModule reads out of a module.
    private const string FactsName = "modules-1";
    private const int FieldCount = 5;

    private readonly PackageCache _cache;
    private readonly LockedPackage _package;
    private readonly SortedDictionary<string, KernelModule> _modules = new(LinuxText.ByteOrder);
    private readonly Dictionary<string, string[]> _kept = new(StringComparer.Ordinal);

    public ModuleIndex(PackageCache cache, LockedPackage package)
    {
        _cache = cache;
        _package = package;
        string[] fields = cache.ReadFacts(package, FactsName) is { } facts ? Encoding.UTF8.GetString(facts).Split('\0') : [];
        for (int i = 0; i + FieldCount < fields.Length; i += FieldCount)
        {
            _kept[fields[i]] = fields[(i + 1)..(i + FieldCount)];
        }
    }

    /// <summary>A module that <see cref="Read"/> has been given; the path is the one in the package.</summary>
    public KernelModule this[string path] => _modules[path];

    /// <summary>Reads modules, those that no earlier run has read on all cores.</summary>
    public void Read(IReadOnlyList<(string Path, FileNode File)> files)
    {
        KernelModule[] read = new KernelModule[files.Count];
        Parallel.For(0, files.Count, i =>
        {
            (string path, FileNode file) = files[i];
            string name = path[(path.LastIndexOf('/') + 1)..];
            read[i] = _kept.TryGetValue(path, out string[]? fields)
                ? new KernelModule(fields[0], name, file, Names(fields[2]), Names(fields[3]), fields[1])
                : KernelModule.Read(name, file);
        });
        for (int i = 0; i < read.Length; i++)
        {
            _modules[files[i].Path] = read[i];
        }
    }

    /// <summary>Keeps what this run has read.</summary>
    public void Keep()
    {
        if (_modules.Keys.All(_kept.ContainsKey))
        {
            return;
        }

        SortedDictionary<string, string[]> all = new(_kept, StringComparer.Ordinal);
        foreach ((string path, KernelModule module) in _modules)
        {
            all[path] = [module.Name, module.VersionMagic, string.Join(',', module.Dependencies), string.Join(',', module.SoftDependencies)];
        }

        // No field can hold a NUL: .modinfo is itself a list of texts that end in one.
        _cache.WriteFacts(_package, FactsName, Encoding.UTF8.GetBytes(string.Concat(all.Select(entry => $"{entry.Key}\0{string.Join('\0', entry.Value)}\0"))));
    }

    private static string[] Names(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
