using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>
/// Command lines in the configuration of boot loaders: Boot Loader Specification entries (UAPI.1), GRUB, syslinux. What a script of GRUB would compute is
/// not computed: every line with a kernel is a way to start.
/// </summary>
internal static class LoaderFiles
{
    private const int Longest = 1 << 20;

    private static readonly string[] s_syslinux = ["syslinux.cfg", "isolinux.cfg", "extlinux.conf"];

    /// <summary>The entries of one file; empty when it is no such file.</summary>
    public static IReadOnlyList<BootEntry> Read(string place, string path, ByteSource content, List<Gap> gaps)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        bool isEntry = (path.StartsWith("loader/entries/", StringComparison.OrdinalIgnoreCase) || path.Contains("/loader/entries/", StringComparison.OrdinalIgnoreCase))
            && name.EndsWith(".conf", StringComparison.OrdinalIgnoreCase);
        bool isGrub = name.Equals("grub.cfg", StringComparison.OrdinalIgnoreCase);
        bool isSyslinux = s_syslinux.Contains(name, StringComparer.OrdinalIgnoreCase);
        if (!isEntry && !isGrub && !isSyslinux)
        {
            return [];
        }

        if (content.Length > Longest)
        {
            gaps.Add(new(place, "boot loader configuration", $"{content.Length:N0} bytes of text"));
            return [];
        }

        string[] lines = Encoding.Latin1.GetString(content.ToArray()).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n');
        return isEntry ? [ReadEntry(place, lines)] : [.. isGrub ? ReadGrub(place, lines) : ReadSyslinux(place, lines)];
    }

    private static BootEntry ReadEntry(string place, string[] lines) =>
        Entry(place, "loader-entry", string.Join(' ', lines.Select(line => line.Trim()).Where(line => Key(line) == "options").Select(Rest)));

    private static IEnumerable<BootEntry> ReadGrub(string place, string[] lines)
    {
        int number = 0;
        foreach (string line in lines.Select(line => line.Trim()))
        {
            if (Key(line) is "linux" or "linuxefi" or "linux16")
            {
                string words = Rest(line);
                int space = words.AsSpan().IndexOfAny(' ', '\t');
                yield return Entry($"{place}@{++number}", "grub", space < 0 ? "" : words[space..]);
            }
        }
    }

    private static IEnumerable<BootEntry> ReadSyslinux(string place, string[] lines)
    {
        int number = 0;
        foreach (string line in lines.Select(line => line.Trim()))
        {
            if (Key(line).Equals("append", StringComparison.OrdinalIgnoreCase))
            {
                yield return Entry($"{place}@{++number}", "syslinux", Rest(line));
            }
        }
    }

    private static BootEntry Entry(string place, string kind, string commandLine) => new()
    {
        Place = place,
        Kind = kind,
        CommandLine = commandLine.Trim() is { Length: > 0 } text ? text : null,
        Words = KernelWords.Split(commandLine),
    };

    private static string Key(string line)
    {
        int space = line.AsSpan().IndexOfAny(' ', '\t');
        return space < 0 ? line : line[..space];
    }

    private static string Rest(string line)
    {
        int space = line.AsSpan().IndexOfAny(' ', '\t');
        return space < 0 ? "" : line[space..].Trim();
    }
}
