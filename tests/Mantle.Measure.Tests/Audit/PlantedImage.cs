using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tree;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Rules;

namespace Mantle.Measure.Tests.Audit;

/// <summary>
/// A complete sealed image in memory, like the sample appliance in small: GPT, ESP with one UKI, EROFS root, verity. Each <c>With…</c> gives an image
/// where one thing more is another; everything that follows from it (hash tree, root hash, command line) is computed anew.
/// </summary>
internal sealed partial record PlantedImage
{
    public const string BootPath = "EFI/BOOT/BOOTX64.EFI";
    private const long Time = 1_700_000_000;
    private const int Executable = 0b111_101_101;

    private IReadOnlyList<Action<FileTree>> RootChanges { get; init; } = [];

    private IReadOnlyList<Action<FileTree>> InitrdChanges { get; init; } = [];

    private IReadOnlyList<Action<FileTree>> EspChanges { get; init; } = [];

    private IReadOnlyList<string> Words { get; init; } =
    [
        "quiet", "console=ttynull", "vt.global_cursor_default=0", "8250.nr_uarts=0", "lockdown=confidentiality", "sysctl.kernel.sysrq=0",
        "module.sig_enforce=1", "panic=-1", "oops=panic", "init_on_alloc=1", "vsyscall=none",
    ];

    /// <summary>What <c>{roothash}</c> stands for, put in front of the words; empty for none.</summary>
    private string RootHashWord { get; init; } = "roothash={roothash}";

    private IReadOnlyList<(string Path, string CommandLine)> MoreUkis { get; init; } = [];

    private IReadOnlyList<(string Name, byte[] Content)> MoreSections { get; init; } = [];

    private IReadOnlyList<GptNewPartition> MorePartitions { get; init; } = [];

    private ByteSource? Root { get; init; }

    private ByteSource? Initrd { get; init; }

    /// <summary>The text in the UKI's section .osrel.</summary>
    public string OsRelease { get; init; } = "ID=test\nVERSION_ID=1.0\n";

    /// <summary>What is done to the first UKI before it goes onto the ESP.</summary>
    public Func<byte[], byte[]> SignUki { get; init; } = uki => uki;

    private bool HasVerity { get; init; } = true;

    private Action<byte[]>? DamageRoot { get; init; }

    /// <summary>The image that the audit must call sealed.</summary>
    public static PlantedImage Sealed() => new();

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    public PlantedImage WithRootFile(string path, byte[] content, int mode = 0b110_100_100) => WithRoot(tree => Put(tree, path, content, mode));

    public PlantedImage WithRootFile(string path, string content, int mode = 0b110_100_100) => WithRootFile(path, Text(content), mode);

    /// <summary>An executable file of root's.</summary>
    public PlantedImage WithRootProgram(string path, byte[] content) => WithRootFile(path, content, Executable);

    public PlantedImage WithRootLink(string path, string target) => WithRoot(tree => tree.Put(path, FileNode.SymbolicLink(target)));

    /// <summary>Any other change of the root: an owner, an attribute, a device.</summary>
    public PlantedImage WithRoot(Action<FileTree> change) => this with { RootChanges = [.. RootChanges, change] };

    public PlantedImage WithoutRootFile(string path) => WithRoot(tree => Assert.True(tree.Remove(path)));

    /// <summary>A whole EROFS image as a file of the root.</summary>
    public PlantedImage WithRootErofs(string path, Action<FileTree> fill) => WithRootFile(path, Erofs(fill).ToArray());

    /// <summary>Another root file system, which verity protects as it would the usual one.</summary>
    public PlantedImage WithRootVolume(ByteSource root) => this with { Root = root };

    public PlantedImage WithInitrdFile(string path, byte[] content, int mode = 0b110_100_100) => WithInitrd(tree => Put(tree, path, content, mode));

    public PlantedImage WithInitrdProgram(string path, byte[] content) => WithInitrdFile(path, content, Executable);

    public PlantedImage WithInitrd(Action<FileTree> change) => this with { InitrdChanges = [.. InitrdChanges, change] };

    /// <summary>Another initrd, byte by byte: compressed, or several archives.</summary>
    public PlantedImage WithRawInitrd(ByteSource initrd) => this with { Initrd = initrd };

    public PlantedImage WithEspFile(string path, byte[] content) => this with { EspChanges = [.. EspChanges, tree => Put(tree, path, content, 0b110_100_100)] };

    public PlantedImage WithCommandLineWord(string word) => this with { Words = [.. Words, word] };

    public PlantedImage WithoutCommandLineWord(string word) => this with { Words = [.. Words.Where(known => known != word)] };

    /// <summary>Another word for the root hash; <c>{roothash}</c> stands for the right one, the empty word for none.</summary>
    public PlantedImage WithRootHashWord(string word) => this with { RootHashWord = word };

    /// <summary>A second UKI beside the first, with the same initrd and kernel; <c>{commandline}</c> stands for the words of the first.</summary>
    public PlantedImage WithUki(string path, string commandLine) => this with { MoreUkis = [.. MoreUkis, (path, commandLine)] };

    /// <summary>Sections behind the usual ones of the first UKI, <c>.profile</c> and repeated ones too.</summary>
    public PlantedImage WithUkiSection(string name, byte[] content) => this with { MoreSections = [.. MoreSections, (name, content)] };

    public PlantedImage WithPartition(Guid type, string name, ByteSource content) =>
        this with
        {
            MorePartitions =
            [
                .. MorePartitions,
                new() { TypeId = type, Id = new($"bbbbbbbb-0000-0000-0000-0000000000{MorePartitions.Count:00}"), Name = name, Content = content },
            ],
        };

    public PlantedImage WithoutVerity() => this with { HasVerity = false };

    /// <summary>A change of the root's bytes after the hash tree was made.</summary>
    public PlantedImage WithDamagedRoot(Action<byte[]> damage) => this with { DamageRoot = damage };

    /// <summary>Audits the image with the rules of the repository, or with others.</summary>
    public AuditReport Audit(string? rules = null, IReadOnlyList<Waiver>? waivers = null, DateOnly? at = null, int workers = 2) =>
        Auditor.Audit(Disk(), new()
        {
            InputName = "planted.raw",
            Rules = rules is null ? RuleSet.BuiltIn : RuleSet.Parse("rules.yaml", rules),
            Waivers = waivers ?? [],
            At = at,
            Workers = workers,
        });

    /// <summary>An EROFS image of a tree.</summary>
    public static ByteSource Erofs(Action<FileTree> fill)
    {
        FileTree tree = new();
        fill(tree);
        return ErofsWriter.Layout(tree, new() { VolumeId = new("aaaaaaaa-0000-0000-0000-000000000001"), BuildTimeSeconds = Time });
    }

    private static void Put(FileTree tree, string path, byte[] content, int mode) => tree.Put(path, FileNode.Regular(ByteSource.FromMemory(content), mode));
}
