using System.Text.RegularExpressions;
using Mantle.Formats.Elf;
using Mantle.Formats.Tree;
using Mantle.Measure.Audit.Facts;
using Mantle.Measure.Audit.Inspection;
using Mantle.Measure.Text;

namespace Mantle.Measure.Audit.Rules;

/// <summary>Conditions on one file. Those that cost nothing are tried first; the content is read only when all of them hold.</summary>
internal sealed record FileDetection : Detection
{
    private const int ExecutableBits = 0b001_001_001;

    /// <summary>Roles of trees that it looks into; empty: all.</summary>
    public IReadOnlyList<TreeRole> In { get; init; } = [];

    public IReadOnlyList<Glob> Path { get; init; } = [];

    public IReadOnlyList<Glob> NotPath { get; init; } = [];

    /// <summary>Kinds, any of which will do; empty: any.</summary>
    public IReadOnlyList<string> Kind { get; init; } = [];

    /// <summary>Kinds of ELF file, any of which will do; empty: no condition.</summary>
    public IReadOnlyList<string> Elf { get; init; } = [];

    /// <summary>Libraries that an ELF file needs.</summary>
    public TextGlobs Needs { get; init; } = new([]);

    /// <summary>The interpreter of a script with its arguments, or the loader of a program.</summary>
    public TextGlobs Interpreter { get; init; } = new([]);

    /// <summary>Names of mode bits, any of which will do.</summary>
    public IReadOnlyList<string> Mode { get; init; } = [];

    /// <summary><c>root</c>, <c>not-root</c>, or null.</summary>
    public string? Owner { get; init; }

    /// <summary>Names of extended attributes.</summary>
    public TextGlobs Attribute { get; init; } = new([]);

    public TextGlobs LinkTarget { get; init; } = new([]);

    /// <summary>Indexes into <see cref="RuleSet.Patterns"/>: one of them must occur.</summary>
    public IReadOnlyList<int> ContainsAny { get; init; } = [];

    /// <summary>All of them must occur.</summary>
    public IReadOnlyList<int> ContainsAll { get; init; } = [];

    /// <summary>None of them may occur.</summary>
    public IReadOnlyList<int> ContainsNone { get; init; } = [];

    /// <summary>One of them must match a line; blank lines and comments are left out.</summary>
    public IReadOnlyList<Regex> Line { get; init; } = [];

    /// <summary>Settings <c>key=value</c> as globs; the last setting of a key counts.</summary>
    public IReadOnlyList<string> Setting { get; init; } = [];

    public bool IsAboutPath => Path.Count + NotPath.Count > 0;

    public bool NeedsContent => ContainsAny.Count + ContainsAll.Count + ContainsNone.Count > 0;

    public bool NeedsText => Line.Count + Setting.Count > 0;

    /// <summary>Whether every condition holds that does not read the whole content.</summary>
    public bool MatchesOutside(InspectedTree tree, string path, FileNode node, FileFacts facts)
    {
        if ((In.Count > 0 && !In.Contains(tree.Role))
            || (Kind.Count > 0 && !Kind.Any(kind => IsOfKind(kind, node, facts)))
            || (Elf.Count > 0 && !Elf.Any(kind => IsOfElfKind(kind, facts)))
            || (Mode.Count > 0 && !Mode.Any(bit => HasBit(bit, node)))
            || (Owner is not null && (Owner == "root") != (node.UserId == 0))
            || (NeedsContent && (node.Kind != FileKind.Regular || (Kind.Count == 0 && Elf.Count == 0 && Path.Count == 0 && !facts.IsCode)))
            || (NeedsText && node.Kind != FileKind.Regular))
        {
            return false;
        }

        return (Needs.IsEmpty || facts.Elf?.Needed.Any(name => Needs.Matches(name)) == true)
            && (Interpreter.IsEmpty || (facts.Interpreter is { } interpreter && Interpreter.Matches(interpreter)))
            && (Attribute.IsEmpty || node.ExtendedAttributes.Keys.Any(name => Attribute.Matches(name)))
            && (LinkTarget.IsEmpty || (node.Kind == FileKind.SymbolicLink && LinkTarget.Matches(node.LinkTarget)))
            && (Path.Count == 0 || Path.Any(glob => glob.Matches(path)))
            && !NotPath.Any(glob => glob.Matches(path));
    }

    private static bool IsOfKind(string kind, FileNode node, FileFacts facts) => kind switch
    {
        "file" => node.Kind == FileKind.Regular,
        "directory" => node.Kind == FileKind.Directory,
        "link" => node.Kind == FileKind.SymbolicLink,
        "device" => node.Kind is FileKind.BlockDevice or FileKind.CharacterDevice,
        "fifo" => node.Kind == FileKind.Fifo,
        "socket" => node.Kind == FileKind.Socket,
        "elf" => facts.Kind == ContentKind.Elf,
        "script" => facts.Kind == ContentKind.Script,
        "pe" => facts.Kind == ContentKind.Pe,
        "module" => facts.IsModule,
        "unsigned-module" => facts.IsUnsignedModule,
        "archive" => facts.Kind == ContentKind.Archive,
        "text" => facts.Kind is ContentKind.Text or ContentKind.Script,
        "data" => facts.Kind == ContentKind.Data,
        "code" => facts.IsCode,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind"),
    };

    private static bool IsOfElfKind(string kind, FileFacts facts) => facts.Elf is { } elf && kind switch
    {
        "any" => true,
        "program" => elf.IsProgram,
        "static" => elf.IsStatic,
        "library" => elf.Kind == ElfKind.Shared && !elf.IsProgram,
        "object" => elf.Kind == ElfKind.Relocatable,
        "damaged" => elf.IsDamaged,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of ELF file"),
    };

    private static bool HasBit(string bit, FileNode node) => bit switch
    {
        "set-user-id" => node.Kind == FileKind.Regular && (node.Permissions & 0b100_000_000_000) != 0,
        "set-group-id" => node.Kind == FileKind.Regular && (node.Permissions & 0b010_000_000_000) != 0,
        "executable" => node.Kind == FileKind.Regular && (node.Permissions & ExecutableBits) != 0,
        "group-writable" => node.Kind != FileKind.SymbolicLink && (node.Permissions & 0b000_010_000) != 0,

        // A directory with the sticky bit protects each file from all but its owner.
        "world-writable" => node.Kind != FileKind.SymbolicLink && (node.Permissions & 0b000_000_010) != 0
            && !(node.Kind == FileKind.Directory && (node.Permissions & 0b001_000_000_000) != 0),
        _ => throw new ArgumentOutOfRangeException(nameof(bit), bit, "not a mode bit"),
    };
}
