using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Kernel;
using Mantle.Formats.Tree;
using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Facts;

/// <summary>What a kernel says of how it was built, or what lies beside it says of it.</summary>
internal sealed record KernelFacts
{
    private const int LongestConfiguration = 4 << 20;
    private const string NotSet = " is not set";

    /// <summary>Where the options are from: the kernel itself (CONFIG_IKCONFIG), or the file that its package has put beside it. Null: nothing tells.</summary>
    public string? ConfigurationPlace { get; private init; }

    /// <summary><c>CONFIG_NAME=value</c>, with the value <c>n</c> for what is not set; in the order of the file.</summary>
    public IReadOnlyList<string> Options { get; private init; } = [];

    /// <summary>For each of the byte strings that were asked for whether the kernel proper holds it.</summary>
    public IReadOnlyList<bool> Holds { get; private init; } = [];

    /// <summary>Unpacks a kernel and reads it.</summary>
    /// <exception cref="MalformedInputException">It cannot be unpacked, or its configuration not be read.</exception>
    public static KernelFacts Read(InspectedKernel kernel, IEnumerable<InspectedTree> trees, BytePatterns patterns, DecompressionOptions options)
    {
        using LinuxKernelImage image = LinuxKernelImage.Read(kernel.Content);
        string? text = image.ReadConfiguration(options);
        string? place = text is null ? null : kernel.Place;
        foreach (InspectedTree tree in text is null && kernel.Release is not null ? trees : [])
        {
            string? path = PathsOf(kernel.Release!).FirstOrDefault(path => tree.Tree.TryFind(path, out FileNode? file) && file.Kind == FileKind.Regular);
            if (path is not null)
            {
                tree.Tree.TryFind(path, out FileNode? file);
                text = file!.Content.Length <= LongestConfiguration
                    ? LinuxText.Decode(file.Content.ToArray())
                    : throw new MalformedInputException("kernel configuration", 0, $"{file.Content.Length:N0} bytes of text");
                place = tree.PlaceOf(path);
                break;
            }
        }

        return new()
        {
            ConfigurationPlace = place,
            Options = text is null ? [] : [.. text.Split('\n').Select(OptionOf).OfType<string>()],
            Holds = [.. patterns.Search(image.Unpack(options)).Select(offset => offset >= 0)],
        };
    }

    private static string[] PathsOf(string release) =>
        release.Contains('/', StringComparison.Ordinal) || release.Contains("..", StringComparison.Ordinal)
            ? []
            : [$"boot/config-{release}", $"usr/lib/modules/{release}/config", $"lib/modules/{release}/config", $"usr/lib/kernel/config-{release}"];

    private static string? OptionOf(string line) =>
        line.StartsWith("CONFIG_", StringComparison.Ordinal) ? line.TrimEnd()
        : line.StartsWith("# CONFIG_", StringComparison.Ordinal) && line.TrimEnd().EndsWith(NotSet, StringComparison.Ordinal) ? $"{line.TrimEnd()[2..^NotSet.Length]}=n"
        : null;
}
