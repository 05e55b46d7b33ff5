using Mantle.Formats.Tree;
using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules;

/// <summary>
/// The systemd units of a tree: the folder with precedence wins, links are aliases, a link to /dev/null masks, drop-ins are merged (systemd.unit(5)).
/// What generators would add at boot is not here.
/// </summary>
internal sealed partial class UnitCatalog
{
    /// <summary>By precedence.</summary>
    private static readonly string[] s_folders =
    [
        "etc/systemd/system.control", "run/systemd/system", "etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system",
    ];

    private static readonly string[] s_types = [".service", ".socket", ".timer", ".path", ".target", ".mount", ".automount", ".swap", ".slice", ".device"];

    private readonly InspectedTree _tree;
    private readonly List<(string Path, FileNode Folder)> _folders = [];
    private readonly Dictionary<string, (string Path, FileNode Node)> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SystemdUnit> _units = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _wants = new(StringComparer.Ordinal);
    private readonly FindingList _findings;

    private UnitCatalog(InspectedTree tree, FindingList findings)
    {
        _tree = tree;
        _findings = findings;
    }

    public IReadOnlyCollection<SystemdUnit> Units => _units.Values;

    /// <summary>Reads the units of a tree. Null: it has no folder with any.</summary>
    public static UnitCatalog? Read(InspectedTree tree, FindingList findings)
    {
        UnitCatalog catalog = new(tree, findings);
        catalog.FindFiles();
        if (catalog._files.Count == 0)
        {
            return null;
        }

        foreach (string name in catalog._files.Keys.Where(name => !name.Contains("@.", StringComparison.Ordinal)).ToArray())
        {
            catalog.Load(name);
        }

        catalog.Enable();
        foreach (string name in catalog._files.Keys)
        {
            catalog.Load(name); // templates that nothing instantiates
        }

        return catalog;
    }

    private void FindFiles()
    {
        HashSet<FileNode> seen = new(ReferenceEqualityComparer.Instance);
        foreach (string path in s_folders)
        {
            if (!_tree.Tree.TryFind(path, out FileNode? folder) || folder.Kind != FileKind.Directory || !seen.Add(folder))
            {
                continue;
            }

            _folders.Add((path, folder));
            foreach ((string name, FileNode node) in folder.Children)
            {
                if (node.Kind != FileKind.Directory && s_types.Any(type => name.EndsWith(type, StringComparison.Ordinal)))
                {
                    _files.TryAdd(name, ($"{path}/{name}", node));
                }
                else if (node.Kind == FileKind.Directory && Wanting(name) is { } unit)
                {
                    HashSet<string> wanted = _wants.TryGetValue(unit, out HashSet<string>? known) ? known : _wants[unit] = new(StringComparer.Ordinal);
                    wanted.UnionWith(node.Children.Keys);
                }
            }
        }
    }

    private static string? Wanting(string folder)
    {
        foreach (string suffix in new[] { ".wants", ".requires", ".upholds" })
        {
            if (folder.EndsWith(suffix, StringComparison.Ordinal))
            {
                return folder[..^suffix.Length];
            }
        }

        return null;
    }

    /// <summary>The unit with a name; an alias gives the unit that it stands for. Null: there is none, or it is masked.</summary>
    private SystemdUnit? Load(string name, int depth = 0)
    {
        if (_units.TryGetValue(name, out SystemdUnit? known))
        {
            return known;
        }

        string template = TemplateOf(name);
        if (!_files.TryGetValue(name, out (string Path, FileNode Node) file) && !_files.TryGetValue(template, out file))
        {
            return null;
        }

        if (file.Node.Kind == FileKind.SymbolicLink)
        {
            string target = file.Node.LinkTarget[(file.Node.LinkTarget.LastIndexOf('/') + 1)..];
            bool isMask = file.Node.LinkTarget is "/dev/null" or "../../../../dev/null";
            return isMask || depth > 8 || target == name ? LoadLinked(name, file, isMask) : Load(Instantiate(target, name), depth + 1);
        }

        if (file.Node.Kind != FileKind.Regular || file.Node.Content.Length == 0)
        {
            return null; // an empty file masks as well
        }

        return Add(name, file.Path, file.Node);
    }

    /// <summary>A link to a unit of the same name elsewhere, in a lower folder or outside of all of them.</summary>
    private SystemdUnit? LoadLinked(string name, (string Path, FileNode Node) file, bool isMask)
    {
        if (isMask)
        {
            return null;
        }

        string target = file.Node.LinkTarget.StartsWith('/') ? file.Node.LinkTarget : $"{file.Path[..file.Path.LastIndexOf('/')]}/{file.Node.LinkTarget}";
        foreach (string path in _folders.Select(folder => $"{folder.Path}/{name}").Prepend(Resolve(target)))
        {
            if (path != file.Path && _tree.Tree.TryFind(path, out FileNode? node) && node.Kind == FileKind.Regular)
            {
                return Add(name, path, node);
            }
        }

        return null;
    }

    private SystemdUnit Add(string name, string path, FileNode node)
    {
        SystemdUnit unit = new(name, _tree.PlaceOf(path));
        _units.Add(name, unit);
        Parse(unit, path, node);
        foreach ((string dropInPath, FileNode dropIn) in DropIns(name))
        {
            Parse(unit, dropInPath, dropIn);
        }

        return unit;
    }

    private static string Resolve(string path)
    {
        List<string> parts = [];
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(parts.Count - 1, 0), Math.Min(parts.Count, 1));
            }
            else if (part != "." && !part.Contains('\0', StringComparison.Ordinal))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    private static string TemplateOf(string name)
    {
        int at = name.IndexOf('@', StringComparison.Ordinal);
        int dot = name.LastIndexOf('.');
        return at < 0 || dot < at ? name : name[..(at + 1)] + name[dot..];
    }

    /// <summary>An alias of a template stands for the instance that was asked for.</summary>
    private static string Instantiate(string target, string name)
    {
        int at = target.IndexOf("@.", StringComparison.Ordinal);
        int instance = name.IndexOf('@', StringComparison.Ordinal);
        int dot = name.LastIndexOf('.');
        return at < 0 || instance < 0 || dot < instance ? target : target[..(at + 1)] + name[(instance + 1)..dot] + target[(at + 1)..];
    }
}
