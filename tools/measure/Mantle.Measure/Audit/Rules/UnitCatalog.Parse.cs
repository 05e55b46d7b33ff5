using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Audit.Rules;

/// <content>Unit files, their drop-ins, and what is started.</content>
internal sealed partial class UnitCatalog
{
    private const int Longest = 1 << 20;
    private const int MostStarted = 10_000;

    /// <summary>Directives that list; others have one value, the last.</summary>
    private static readonly string[] s_lists = ["Exec", "Environment", "Wants", "Requires", "Upholds", "BindsTo", "OnFailure", "OnSuccess", "Listen", "Condition", "Assert", "On"];

    private static readonly string[] s_pulls = ["Wants", "Requires", "Requisite", "BindsTo", "Upholds", "OnFailure", "OnSuccess", "Unit", "Sockets", "Service"];

    /// <summary>What systemd starts without being told, in the root and in an initrd.</summary>
    private static readonly string[] s_started = ["default.target", "initrd.target", "sysinit.target", "basic.target", "ctrl-alt-del.target"];

    private void Parse(SystemdUnit unit, string path, FileNode node)
    {
        string text = "";
        try
        {
            if (node.Content.Length > Longest)
            {
                _findings.AddGap(new(_tree.PlaceOf(path), "unit file", $"{node.Content.Length:N0} bytes"));
                return;
            }

            text = Encoding.Latin1.GetString(node.Content.ToArray());
        }
        catch (MalformedInputException e)
        {
            _findings.AddGap(new(_tree.PlaceOf(path), _tree.Format, e.Message));
        }

        string section = "";
        string pending = "";
        int number = 0;
        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.Trim();
            if (line.Length > 0 && line[0] is '#' or ';')
            {
                continue;
            }

            if (line.EndsWith('\\'))
            {
                pending += line[..^1].TrimEnd() + " ";
                continue;
            }

            line = pending + line;
            pending = "";
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (line.StartsWith('[') && line.EndsWith(']'))
            {
                section = line[1..^1];
            }
            else if (equals > 0)
            {
                Set(unit, section, line[..equals].TrimEnd(), line[(equals + 1)..].TrimStart(), path, number);
            }
        }
    }

    private void Set(SystemdUnit unit, string section, string key, string value, string path, int line)
    {
        bool isList = s_lists.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));
        if (!isList || value.Length == 0)
        {
            unit.Directives.RemoveAll(directive => directive.Section == section && directive.Key == key);
        }

        if (value.Length > 0)
        {
            unit.Directives.Add((section, key, value, _tree.PlaceOf(path), line));
        }
    }

    /// <summary>
    /// Drop-ins by file name, whatever folder they are in: of the type, of each prefix that ends with a hyphen, of the template, of the unit.
    /// A file in a folder with precedence hides one of the same name.
    /// </summary>
    private IEnumerable<(string Path, FileNode Node)> DropIns(string name)
    {
        int dot = name.LastIndexOf('.');
        string type = name[(dot + 1)..];
        List<string> folders = [$"{name}.d", $"{TemplateOf(name)}.d"];
        for (int dash = name.LastIndexOf('-', dot); dash > 0; dash = name.LastIndexOf('-', dash - 1))
        {
            folders.Add($"{name[..(dash + 1)]}.{type}.d");
        }

        folders.Add($"{type}.d");
        SortedDictionary<string, (string, FileNode)> files = new(LinuxText.ByteOrder);
        foreach (string dropIns in folders.Distinct())
        {
            foreach ((string path, FileNode folder) in _folders)
            {
                if (folder.Children.TryGetValue(dropIns, out FileNode? directory) && directory.Kind == FileKind.Directory)
                {
                    foreach ((string file, FileNode node) in directory.Children)
                    {
                        if (file.EndsWith(".conf", StringComparison.Ordinal))
                        {
                            files.TryAdd(file, ($"{path}/{dropIns}/{file}", node));
                        }
                    }
                }
            }
        }

        foreach ((string path, FileNode node) in files.Values)
        {
            FileNode? found = node;
            if (node.Kind == FileKind.SymbolicLink && node.LinkTarget.StartsWith('/'))
            {
                _tree.Tree.TryFind(Resolve(node.LinkTarget), out found);
            }

            if (found?.Kind == FileKind.Regular)
            {
                yield return (path, found);
            }
        }
    }

    /// <summary>Follows what starts what, from the targets that systemd starts.</summary>
    private void Enable()
    {
        Queue<string> pending = new(s_started);
        HashSet<string> seen = new(s_started, StringComparer.Ordinal);
        while (pending.TryDequeue(out string? name) && seen.Count < MostStarted)
        {
            IEnumerable<string> pulled = _wants.GetValueOrDefault(name, []).Concat(_wants.GetValueOrDefault(TemplateOf(name), []));
            if (Load(name) is { } unit)
            {
                unit.IsEnabled = true;
                pulled = pulled.Concat(unit.Words(s_pulls)).Concat(unit.Name == name ? [] : _wants.GetValueOrDefault(unit.Name, []));
                int dot = unit.Name.LastIndexOf('.');
                if (unit.Name[dot..] is ".socket" or ".timer" or ".path" or ".automount")
                {
                    string type = unit.Name[dot..] == ".automount" ? ".mount" : ".service";
                    pulled = pulled.Append(unit.Name[..dot] + type).Append($"{unit.Name[..dot]}@{type}");
                }
            }

            foreach (string next in pulled)
            {
                if (seen.Add(next))
                {
                    pending.Enqueue(next);
                }
            }
        }
    }
}
