using System.Text.RegularExpressions;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>The dynamic section, read by binutils.</summary>
internal static partial class Readelf
{
    public static IReadOnlyList<string> Needed(string path) =>
        [.. NeededLine().Matches(Oracle.Succeed("readelf", "--wide", "--dynamic", path)).Select(line => line.Groups[1].Value)];

    [GeneratedRegex(@"\(NEEDED\) +Shared library: \[([^\]]*)\]")]
    private static partial Regex NeededLine();
}
