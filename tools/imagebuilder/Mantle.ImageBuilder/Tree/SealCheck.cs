using Mantle.Formats.Elf;
using Mantle.Formats.Tree;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tree;

/// <summary>
/// Refuses early, with the package or recipe line to blame, what a sealed root must not have: set-id files, file capabilities, scripts,
/// shells, interpreters, files that anybody may write. The verdict on the finished bytes is the audit's; this only saves the wait.
/// </summary>
public static class SealCheck
{
    private const int SetIdBits = 0b110_000_000_000;
    private const int Sticky = 0b001_000_000_000;
    private const int WritableByAll = 0b000_000_010;
    private const int ExecutableBits = 0b001_001_001;

    private static readonly HashSet<string> s_shells = new(StringComparer.Ordinal)
    {
        "sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "csh", "tcsh", "fish", "busybox", "toybox", "sash", "rbash", "yash", "posh",
        "python", "perl", "ruby", "lua", "tclsh", "php", "node", "awk", "gawk", "mawk", "sed", "ed", "vi", "vim", "nano", "gdb", "strace",
        "sshd", "dropbear", "telnetd", "agetty", "getty", "login", "su", "sudo", "dpkg", "apt", "apt-get", "rpm", "dnf",
    };

    /// <summary>The programs in the tree: executable ELF files that are not shared libraries; paths without a leading slash.</summary>
    /// <exception cref="UserErrorException">Something in the tree opens a way in.</exception>
    public static IReadOnlyList<string> Check(FileTree tree)
    {
        List<string> programs = [];
        foreach ((string path, FileNode node) in tree.Walk())
        {
            string name = path[(path.LastIndexOf('/') + 1)..];
            if ((node.Permissions & SetIdBits) != 0)
            {
                throw Refuse(path, node, "is set-user-ID or set-group-ID");
            }

            if (node.Kind is FileKind.BlockDevice or FileKind.CharacterDevice or FileKind.Fifo or FileKind.Socket)
            {
                throw Refuse(path, node, "is a device, a pipe or a socket");
            }

            if (node.ExtendedAttributes.ContainsKey("security.capability"))
            {
                throw Refuse(path, node, "carries file capabilities");
            }

            if (node.Kind is not FileKind.SymbolicLink && (node.Permissions & WritableByAll) != 0
                && !(node.Kind == FileKind.Directory && (node.Permissions & Sticky) != 0))
            {
                throw Refuse(path, node, "may be written by everybody");
            }

            if (node.Kind is FileKind.Regular or FileKind.SymbolicLink && s_shells.Contains(name.TrimEnd("0123456789.".ToCharArray())))
            {
                throw Refuse(path, node, "has the name of a shell, an interpreter or a way to sign in");
            }

            if (node.Kind == FileKind.Regular && IsProgram(path, name, node))
            {
                programs.Add(path);
            }
        }

        return programs;
    }

    private static bool IsProgram(string path, string name, FileNode node)
    {
        if (node.Content.Length < 4)
        {
            return false;
        }

        if (node.Content.ReadBytes(0, 2, "script").AsSpan().SequenceEqual("#!"u8))
        {
            throw Refuse(path, node, "is a script");
        }

        bool isLibrary = name.EndsWith(".so", StringComparison.Ordinal) || name.Contains(".so.", StringComparison.Ordinal);
        return !isLibrary && ElfFile.IsElf(node.Content)
            && ((node.Permissions & ExecutableBits) != 0 || ElfFile.Read(node.Content).Kind is ElfKind.Executable or ElfKind.Shared);
    }

    private static UserErrorException Refuse(string path, FileNode node, string problem) =>
        new($"seal: \"/{path}\" ({(node.Origin.Length > 0 ? node.Origin : "the builder")}) {problem}", "take it out with \"remove\" in the recipe");
}
