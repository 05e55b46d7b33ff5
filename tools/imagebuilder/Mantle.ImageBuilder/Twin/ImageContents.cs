using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tree;

namespace Mantle.ImageBuilder.Twin;

/// <summary>What a finished disk of ours holds, read from its bytes: what two images are compared by.</summary>
internal sealed record ImageContents
{
    private const string Format = "image";

    /// <summary>Partitions in order: name, type, attributes.</summary>
    public required IReadOnlyList<string> Partitions { get; init; }

    /// <summary>Paths on the EFI system partition.</summary>
    public required IReadOnlyList<string> EspPaths { get; init; }

    /// <summary>What the UKI's headers say but for sizes: where it starts, what may be done to it, its signatures.</summary>
    public required IReadOnlyList<string> Headers { get; init; }

    /// <summary>Sections of the UKI in order, those of the stub included.</summary>
    public required IReadOnlyList<(string Name, ByteSource Content)> Sections { get; init; }

    /// <summary>The root file system.</summary>
    public required FileTree Root { get; init; }

    /// <summary>Words of the kernel command line.</summary>
    public IReadOnlyList<string> Words => Text(UkiSectionName.CommandLine).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Lines of the UKI's os-release.</summary>
    public IReadOnlyList<string> OsRelease => Text(UkiSectionName.OsRelease).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Reads a disk.</summary>
    /// <exception cref="MalformedInputException">It is not laid out as this builder does.</exception>
    public static ImageContents Read(ByteSource disk)
    {
        GptTable table = GptReader.Read(disk);
        FatVolume esp = FatReader.Read(One(table, DiscoverablePartitions.EfiSystem).Content);
        FatEntry boot = esp.Entries.FirstOrDefault(entry => entry.Path == Build.BootFilePath)
            ?? throw new MalformedInputException(Format, 0, $"the EFI system partition has no \"{Build.BootFilePath}\"");
        PeImage uki = PeImage.Read(boot.Content);
        return new()
        {
            Partitions = [.. table.Partitions.Select(p => $"{p.Number} \"{p.Name}\" {p.TypeId} 0x{p.Attributes:x16}")],
            EspPaths = [.. esp.Entries.Select(entry => entry.Path)],
            Headers =
            [
                $"entry 0x{uki.AddressOfEntryPoint:x}", $"base 0x{uki.ImageBase:x}", $"machine 0x{uki.Machine:x4}", $"subsystem {uki.Subsystem}",
                $"characteristics 0x{uki.Characteristics:x4} 0x{uki.DllCharacteristics:x4}", $"time 0x{uki.TimeDateStamp:x8}", $"{uki.Certificates.Count} signatures",
                .. uki.Sections.Select(section => $"{section.Name} 0x{section.Characteristics:x8}"),
            ],
            Sections = [.. uki.Sections.Select(section => (section.Name, uki.ContentOf(section)))],
            Root = ErofsReader.Open(One(table, DiscoverablePartitions.RootX64).Content).ReadTree(),
        };
    }

    private static GptPartition One(GptTable table, Guid type) =>
        table.Partitions.Where(partition => partition.TypeId == type).ToArray() is [GptPartition one]
            ? one
            : throw new MalformedInputException(Format, 0, $"not exactly one partition of type {DiscoverablePartitions.Names.GetValueOrDefault(type, $"{type}")}");

    private string Text(string section) => Encoding.UTF8.GetString(Sections.First(s => s.Name == section).Content.ToArray());
}
