using Mantle.Measure;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Boot;

/// <summary>The kernel command line: the words that seal the machine, the root hash, and the recipe's own words behind them.</summary>
public static class CommandLine
{
    /// <summary>The sealing words, each with its reason.</summary>
    public static IReadOnlyList<(string Word, string Reason)> Sealing { get; } =
    [
        ("quiet", "the EFI stub prints two lines on the serial port otherwise"),
        ("console=ttynull", "no device of that name exists: the kernel must not choose the first terminal as its console"),
        ("vt.global_cursor_default=0", "the screen stays black: not even a cursor"),
        ("8250.nr_uarts=0", "the driver gets no port, so that nothing in the machine can open the serial console"),
        ("lockdown=confidentiality", "no program, however privileged, reads or changes the kernel's memory; modules must be signed"),
        ("sysctl.kernel.sysrq=0", "no key or break on any console reaches the kernel, from before process 1 on"),
        ("module.sig_enforce=1", "only modules signed by the distribution load"),
        ("panic=-1", "a panic reboots at once"),
        ("oops=panic", "a kernel that has faulted does not go on"),
        ("init_on_alloc=1", "no memory is handed out with what was in it"),
        ("vsyscall=none", "no code at a fixed address"),
    ];

    // Words that would undo the seal, or that process 1 takes for its own.
    private static readonly string[] s_refused =
    [
        "init", "rdinit", "root", "roothash", "initrd", "rootfstype", "rootflags", "single", "emergency", "rescue", "__",
        "earlycon", "earlyprintk", "kgdboc", "kgdbcon", "kgdbwait", "kgdb_earlycon", "kdb", "netconsole", "debug", "ignore_loglevel", "loglevel",
        "sysrq_always_enabled", "crashkernel", "nolockdown", "ima_appraise", "lsm", "security", "memmap", "mem", "no_console_suspend",
        "printk.devkmsg", "printk.always_kmsg_dump", "efi_pstore", "nokaslr", "nosmap", "nosmep", "nopti",
    ];

    private static readonly string[] s_refusedPrefixes = ["sysctl.", "dotnet_", "ld_", "dm_mod.", "8250", "systemd.", "rd."];

    /// <summary>Puts the line together.</summary>
    /// <param name="rootHash">Root hash of the verity tree.</param>
    /// <param name="words">The recipe's words.</param>
    public static string Compose(ReadOnlySpan<byte> rootHash, IReadOnlyList<Located<string>> words) => string.Join(' ', Words(rootHash, words));

    /// <summary>The words of the line, in order.</summary>
    /// <param name="rootHash">Root hash of the verity tree.</param>
    /// <param name="words">The recipe's words.</param>
    public static IReadOnlyList<string> Words(ReadOnlySpan<byte> rootHash, IReadOnlyList<Located<string>> words)
    {
        foreach (Located<string> word in words)
        {
            // The kernel takes a hyphen for an underscore in names of parameters.
            string name = word.Value.Split('=')[0].ToLowerInvariant().Replace('-', '_');
            if (Array.Exists(s_refused, refused => refused == name) || Array.Exists(s_refusedPrefixes, p => name.StartsWith(p, StringComparison.Ordinal))
                || Sealing.Any(s => s.Word.Split('=')[0] == name))
            {
                throw new UserErrorException(
                    $"{word.Position}: the command-line word \"{word.Value}\" belongs to the builder or opens what it seals", "take it out of the recipe");
            }
        }

        return [.. Sealing.Select(s => s.Word), $"roothash={Convert.ToHexStringLower(rootHash)}", .. words.Select(w => w.Value)];
    }
}
