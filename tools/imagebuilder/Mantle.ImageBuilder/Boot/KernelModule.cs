using Mantle.Formats.Bytes;
using Mantle.Formats.Deb;
using Mantle.Formats.Elf;
using Mantle.Formats.Tree;

namespace Mantle.ImageBuilder.Boot;

/// <summary>One loadable module of the kernel package and what its .modinfo section says.</summary>
/// <param name="Name">Module name as the kernel knows it, with underscores.</param>
/// <param name="FileName">File name, for example <c>dm-verity.ko.xz</c>.</param>
/// <param name="File">The file as packaged, compressed; the kernel itself decompresses it.</param>
/// <param name="Dependencies">Modules that must be loaded before (<c>depends=</c>), with underscores.</param>
/// <param name="SoftDependencies">Modules to load before where there are such (<c>softdep=pre:</c>); the name may be an alias that is built in.</param>
/// <param name="VersionMagic">Kernel release and configuration that it was built for.</param>
public sealed record KernelModule(string Name, string FileName, FileNode File, IReadOnlyList<string> Dependencies, IReadOnlyList<string> SoftDependencies, string VersionMagic)
{
    private const string Format = "kernel module";
    private const int MaximumSize = 64 << 20;

    /// <summary>The name under which a module is known, whatever its file is called: hyphens count as underscores.</summary>
    public static string Normalize(string name) => name.Replace('-', '_');

    /// <summary>Reads a module, xz-compressed or plain.</summary>
    /// <exception cref="MalformedInputException">Not a module.</exception>
    public static KernelModule Read(string fileName, FileNode file)
    {
        ByteSource section = ReadInformation(fileName, file.Content);

        List<string> dependencies = [];
        List<string> softDependencies = [];
        string name = "";
        string magic = "";
        foreach (string entry in LinuxText.Decode(section.ToArray()).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            (string key, string value) = entry.Split('=', 2) is [var k, var v] ? (k, v) : (entry, "");
            switch (key)
            {
                case "name":
                    name = value;
                    break;
                case "vermagic":
                    magic = value;
                    break;
                case "depends":
                    dependencies.AddRange(value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Normalize));
                    break;
                case "softdep":
                    softDependencies.AddRange(NamesBehindPre(value));
                    break;
            }
        }

        return name.Length > 0 && magic.Length > 0
            ? new(Normalize(name), fileName, file, dependencies, softDependencies, magic)
            : throw new MalformedInputException(Format, 0, $"\"{fileName}\" does not state its name and version magic");
    }

    private static ByteSource ReadInformation(string fileName, ByteSource content)
    {
        try
        {
            ByteSource module = fileName.EndsWith(".xz", StringComparison.Ordinal) ? ByteSource.FromMemory(XzReader.Decompress(content, MaximumSize)) : content;
            return ElfFile.Read(module).TryReadSection(".modinfo", out ByteSource section)
                ? section
                : throw new MalformedInputException(Format, 0, "no .modinfo section");
        }
        catch (MalformedInputException problem)
        {
            throw new MalformedInputException(Format, problem.Offset, $"\"{fileName}\": {problem.Problem}");
        }
    }

    // "pre: a b post: c": what stands behind pre: wants to be loaded before.
    private static IEnumerable<string> NamesBehindPre(string value)
    {
        bool before = false;
        foreach (string word in value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.EndsWith(':'))
            {
                before = word == "pre:";
            }
            else if (before)
            {
                yield return Normalize(word);
            }
        }
    }
}
