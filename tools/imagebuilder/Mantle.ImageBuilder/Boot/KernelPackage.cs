using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.Measure;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Boot;

/// <summary>The package with the kernel: its image, its release and its modules.</summary>
public sealed class KernelPackage
{
    private const string ImagePrefix = "vmlinuz-";

    private readonly ModuleIndex _index;
    private readonly Dictionary<string, (string Path, FileNode File)> _modules = new(StringComparer.Ordinal);
    private readonly HashSet<string> _builtIn = new(StringComparer.Ordinal);

    private KernelPackage(string package, string release, ByteSource image, ModuleIndex index)
    {
        _index = index;
        Package = package;
        Release = release;
        Image = image;
    }

    /// <summary>Name of the package.</summary>
    public string Package { get; }

    /// <summary>What <c>uname -r</c> will say.</summary>
    public string Release { get; }

    /// <summary>The kernel, a PE file with an EFI stub of its own.</summary>
    public ByteSource Image { get; }

    /// <summary>Finds the one kernel among the packages of the lock's use <c>kernel</c>.</summary>
    /// <param name="packages">The packages.</param>
    /// <param name="cache">Keeps what is found out about modules.</param>
    public static KernelPackage Find(IReadOnlyList<UnpackedPackage> packages, PackageCache cache)
    {
        List<KernelPackage> found = [];
        foreach (UnpackedPackage package in packages)
        {
            if (!package.Files.TryFind("boot", out FileNode? boot))
            {
                continue;
            }

            foreach ((string name, FileNode file) in boot.Children.Where(e => e.Key.StartsWith(ImagePrefix, StringComparison.Ordinal)))
            {
                KernelPackage kernel = new(package.Package.Name, name[ImagePrefix.Length..], file.Content, new ModuleIndex(cache, package.Package));
                kernel.ReadModules(package.Files);
                found.Add(kernel);
            }
        }

        return found.Count == 1
            ? found[0]
            : throw new UserErrorException(
                $"kernel: the packages hold {found.Count} kernels ({string.Join(", ", found.Select(k => k.Release))}); exactly one is needed",
                "name one kernel package under \"kernel\" in the recipe");
    }

    /// <summary>The wanted modules and all that they depend on, each after what it depends on; what is built into the kernel is left out.</summary>
    public IReadOnlyList<KernelModule> LoadOrder(IReadOnlyList<Located<string>> wanted)
    {
        List<KernelModule> order = [];
        HashSet<string> done = new(StringComparer.Ordinal);
        List<string> path = [];
        ReadClosure(wanted);
        foreach (Located<string> module in wanted)
        {
            Visit(KernelModule.Normalize(module.Value), module.Position);
        }

        KernelModule? alien = order.Find(module => !module.VersionMagic.StartsWith(Release + " ", StringComparison.Ordinal));
        return alien is null ? order : throw new UserErrorException($"kernel: module \"{alien.Name}\" is for \"{alien.VersionMagic}\", not for {Release}");

        void Visit(string name, string position)
        {
            if (done.Contains(name) || (_builtIn.Contains(name) && !_modules.ContainsKey(name)))
            {
                return;
            }

            if (path.Contains(name))
            {
                throw new UserErrorException($"{position}: modules depend on each other in a circle: {string.Join(" -> ", path)} -> {name}");
            }

            if (!_modules.TryGetValue(name, out (string Path, FileNode File) file))
            {
                string needed = path.Count == 0 ? "" : $", needed by {path[^1]},";
                throw new UserErrorException($"{position}: module \"{name}\"{needed} is not in {Package}", "correct the name; built-in drivers need no module");
            }

            KernelModule module = _index[file.Path];
            path.Add(name);
            foreach (string dependency in module.SoftDependencies.Where(_modules.ContainsKey).Concat(module.Dependencies))
            {
                Visit(dependency, position);
            }

            path.RemoveAt(path.Count - 1);
            done.Add(name);
            order.Add(module);
        }
    }

    /// <summary>Reads the wanted modules, then what they name, and so on: each round on all cores.</summary>
    private void ReadClosure(IReadOnlyList<Located<string>> wanted)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        string[] round = [.. wanted.Select(module => KernelModule.Normalize(module.Value)).Where(_modules.ContainsKey).Where(seen.Add)];
        while (round.Length > 0)
        {
            _index.Read([.. round.Select(name => _modules[name])]);
            round = [.. round.Select(name => _index[_modules[name].Path]).SelectMany(module => module.SoftDependencies.Concat(module.Dependencies))
                .Where(_modules.ContainsKey).Where(seen.Add)];
        }

        _index.Keep();
    }

    private void ReadModules(FileTree files)
    {
        foreach (string root in new[] { $"usr/lib/modules/{Release}", $"lib/modules/{Release}" })
        {
            if (!files.TryFind(root, out FileNode? folder))
            {
                continue;
            }

            if (folder.Children.TryGetValue("modules.builtin", out FileNode? list))
            {
                _builtIn.UnionWith(LinuxText.Decode(list.Content.ToArray()).Split('\n').Select(ModuleName));
            }

            Collect(root, folder);
        }
    }

    private void Collect(string path, FileNode folder)
    {
        foreach ((string name, FileNode node) in folder.Children)
        {
            if (node.Kind == FileKind.Directory)
            {
                Collect($"{path}/{name}", node);
            }
            else if (name.EndsWith(".ko", StringComparison.Ordinal) || name.EndsWith(".ko.xz", StringComparison.Ordinal))
            {
                _modules[ModuleName(name)] = ($"{path}/{name}", node);
            }
        }
    }

    private static string ModuleName(string path)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        return KernelModule.Normalize(name.Split(".ko")[0]);
    }
}
