using System.Globalization;
using System.Text.RegularExpressions;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>One section as objdump or llvm-readobj sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Size">Size of its content (VirtualSize), in bytes.</param>
/// <param name="Address">Its address in memory, relative to the image.</param>
/// <param name="Offset">Where its content starts in the file.</param>
internal sealed record ForeignSection(string Name, long Size, long Address, long Offset);

/// <summary>Section tables, read by binutils and by LLVM.</summary>
internal static partial class Objdump
{
    public static IReadOnlyList<ForeignSection> Sections(string path)
    {
        string headers = Oracle.Succeed("objdump", "--private-headers", path);
        long imageBase = Number(ImageBase().Match(headers).Groups[1].Value);
        return
        [
            .. SectionLine().Matches(Oracle.Succeed("objdump", "--wide", "--section-headers", path))
                .Select(line => new ForeignSection(
                    line.Groups["name"].Value, Number(line.Groups["size"].Value), Number(line.Groups["address"].Value) - imageBase, Number(line.Groups["offset"].Value))),
        ];
    }

    public static IReadOnlyList<ForeignSection> LlvmSections(string path) =>
    [
        .. LlvmSection().Matches(Oracle.Succeed("llvm-readobj", "--sections", path))
            .Select(section => new ForeignSection(
                section.Groups["name"].Value, Number(section.Groups["size"].Value), Number(section.Groups["address"].Value), Number(section.Groups["offset"].Value))),
    ];

    private static long Number(string hexadecimal) => long.Parse(hexadecimal, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?m)^ImageBase\s+(\S+)$")]
    private static partial Regex ImageBase();

    [GeneratedRegex(@"(?m)^ +\d+ (?<name>\S+) +(?<size>[0-9a-f]{8}) +(?<address>[0-9a-f]{16}) +[0-9a-f]{16} +(?<offset>[0-9a-f]{8}) ")]
    private static partial Regex SectionLine();

    [GeneratedRegex(@"Name: (?<name>\S+) [^\n]*\n *VirtualSize: 0x(?<size>\w+)\n *VirtualAddress: 0x(?<address>\w+)\n *RawDataSize: \d+\n *PointerToRawData: 0x(?<offset>\w+)\n")]
    private static partial Regex LlvmSection();
}
