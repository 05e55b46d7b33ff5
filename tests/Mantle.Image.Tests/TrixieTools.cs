using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;
using Mantle.Testing;

[assembly: AssemblyFixture(typeof(Mantle.Image.Tests.TrixieTools))]

namespace Mantle.Image.Tests;

/// <summary>
/// systemd's ukify, systemd-measure and systemd-pcrlock, and virt-firmware, of the release that the image is made of, whatever the host's release is:
/// locked, fetched and unpacked by our own code, run by the host's Python and by the unpacked loader.
/// </summary>
public sealed class TrixieTools : IDisposable
{
    private const string Libraries = "usr/lib/x86_64-linux-gnu";

    private const string PythonModules = "usr/lib/python3/dist-packages";

    private static readonly string[] s_programs =
        ["usr/bin/ukify", "usr/bin/virt-fw-vars", "usr/bin/pe-listsigs", "usr/lib/systemd/systemd-measure", "usr/lib/systemd/systemd-pcrlock"];

    // Debian's, and not one that a user installed: Debian's packages add their modules to it.
    private const string Python = "/usr/bin/python3";

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<Task> _unpacked;

    public TrixieTools() => _unpacked = new(UnpackAsync);

    /// <summary>Runs ukify.</summary>
    public async Task<string> UkifyAsync(params IEnumerable<string> arguments)
    {
        await _unpacked.Value;
        if (Oracle.Run(Python, ["-c", "import pefile"]).ExitCode != 0)
        {
            Oracle.Missing("Debian package \"python3-pefile\"");
        }

        return Oracle.Succeed(Python, ["-B", _folder["usr/bin/ukify"], .. arguments]);
    }

    /// <summary>Runs systemd-measure.</summary>
    public Task<string> MeasureAsync(params IEnumerable<string> arguments) => RunAsync("systemd-measure", [], arguments);

    /// <summary>Runs systemd-pcrlock.</summary>
    /// <param name="log">The event log that it takes for the machine's; null: none.</param>
    /// <param name="arguments">Its arguments.</param>
    public Task<string> PcrlockAsync(string? log, params IEnumerable<string> arguments) => RunAsync(
        "systemd-pcrlock",
        log is null ? [] : [$"SYSTEMD_MEASURE_LOG_FIRMWARE={log}", "SYSTEMD_MEASURE_LOG_USERSPACE=/dev/null"],
        arguments);

    /// <summary>Runs a tool of virt-firmware.</summary>
    public async Task<string> VirtFirmwareAsync(string tool, params IEnumerable<string> arguments)
    {
        await _unpacked.Value;
        if (Oracle.Run(Python, ["-c", "import cryptography, importlib_resources, pefile"]).ExitCode != 0)
        {
            Oracle.Missing("Debian packages \"python3-cryptography\", \"python3-importlib-resources\" and \"python3-pefile\"");
        }

        return Oracle.Succeed("env", [$"PYTHONPATH={_folder[PythonModules]}", Python, "-B", _folder[$"usr/bin/{tool}"], .. arguments]);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> RunAsync(string tool, string[] environment, IEnumerable<string> arguments)
    {
        await _unpacked.Value;
        return Oracle.Succeed(
            "env",
            [
                .. environment, _folder[$"{Libraries}/ld-linux-x86-64.so.2"], "--library-path", $"{_folder[Libraries]}:{_folder[Libraries]}/systemd",
                _folder[$"usr/lib/systemd/{tool}"], .. arguments,
            ]);
    }

    private async Task UnpackAsync()
    {
        ArchiveMirror mirror = MirrorSelection.Choose(null, null, Environment.GetEnvironmentVariable(MirrorSelection.EnvironmentVariable));
        using HttpClient client = PackageFetcher.CreateClient();
        using PackageCache cache = new(BuildOutput.CacheFolder);
        try
        {
            LockFile file = await Locker.LockAsync(Request(mirror), client, CancellationToken.None);
            await new PackageFetcher(cache, client, package => [mirror.Locate(package.Suite, package.Path)])
                .FetchAsync(file.Packages, null, CancellationToken.None);
            foreach (LockedPackage package in file.Packages)
            {
                Write(cache.Open(package).Files);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or UserErrorException { Code: ExitCode.Environment })
        {
            Oracle.Missing($"the Debian mirror: {exception.Message}");
        }
    }

    private static LockRequest Request(ArchiveMirror mirror) => new()
    {
        Resolution = new ResolutionRequest
        {
            Architecture = "amd64",
            Suites = ["trixie", "trixie-updates", "trixie-security"],
            Uses =
            [
                new PackageUse { Name = "ukify", Roots = ["systemd-ukify"], LeaveOut = Without("python3", "python3-pefile", "python3-zstandard") },
                new PackageUse
                {
                    Name = "virt-firmware",
                    Roots = ["python3-virt-firmware"],
                    LeaveOut = Without("python3", "python3-cryptography", "python3-importlib-resources", "python3-pefile"),
                },
                new PackageUse { Name = "measure", Roots = ["systemd"], LeaveOut = Without("mount", "debconf", "openssl-provider-legacy") },
            ],
        },
        Mirror = mirror,
        KeyringFolder = Repository.PathOf("appliance", "keyrings"),
        CacheFolder = BuildOutput.CacheFolder,
        Clock = TimeProvider.System,
    };

    private static LeftOutDependency[] Without(params string[] packages) => [.. packages.Select(package => new LeftOutDependency(package, "the tool does not use it"))];

    private void Write(FileTree files)
    {
        foreach ((string path, FileNode node) in files.Walk())
        {
            bool isWanted = path.StartsWith(Libraries, StringComparison.Ordinal) || path.StartsWith(PythonModules, StringComparison.Ordinal) || s_programs.Contains(path);
            if (!isWanted || node.Kind is not (FileKind.Regular or FileKind.SymbolicLink))
            {
                continue;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
            if (node.Kind == FileKind.SymbolicLink)
            {
                File.CreateSymbolicLink(_folder[path], node.LinkTarget!);
                continue;
            }

            File.WriteAllBytes(_folder[path], node.Content.ToArray());
            File.SetUnixFileMode(_folder[path], (UnixFileMode)(node.Permissions & 0b111_111_111));
        }
    }
}
