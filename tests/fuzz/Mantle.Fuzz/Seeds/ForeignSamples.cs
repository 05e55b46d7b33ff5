using Mantle.Formats.Bytes;
using Mantle.Formats.Tests.Pe;
using Mantle.Testing;

namespace Mantle.Fuzz.Seeds;

/// <summary>Sound inputs that only foreign tools write; none where the tool is missing.</summary>
internal static class ForeignSamples
{
    public static IReadOnlyList<byte[]> Squashfs(params string[] arguments) => Make(
        "mksquashfs",
        folder => [folder["in"], folder["image"], "-quiet", "-no-progress", "-noappend", "-nopad", "-all-time", "1700000000", "-mkfs-time", "1700000000", .. arguments]);

    /// <summary>An image of 512 KB, of which the blocks that are not zeros count.</summary>
    public static SparseSeed? Ext(params string[] arguments) => Make(
        "mke2fs",
        folder => ["-q", "-F", "-b", "1024", "-N", "48", "-d", folder["in"], .. arguments, folder["image"], "512k"])
        is [var image] ? new SparseSeed(ByteSource.FromMemory(image)) : null;

    /// <summary>Bytes as a tool compresses them from its input to its output.</summary>
    public static IReadOnlyList<byte[]> Compressed(byte[] plain, params string[] command)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["plain"], plain);
        (int exitCode, _, _) = Oracle.Run("sh", ["-c", $"{string.Join(' ', command)} -c < '{folder["plain"]}' > '{folder["packed"]}'"]);
        return exitCode == 0 ? [File.ReadAllBytes(folder["packed"])] : [];
    }

    private static IReadOnlyList<byte[]> Make(string tool, Func<TemporaryFolder, string[]> arguments)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in/a/b"]);
        for (int i = 0; i < 12; i++)
        {
            File.WriteAllBytes(folder[$"in/a/{i}"], SyntheticPe.Bytes(i * 9, i));
        }

        File.WriteAllText(folder["in/text"], string.Concat(Enumerable.Repeat("a text that compresses well, ", 1500)));
        File.CreateSymbolicLink(folder["in/a/b/link"], "../1");
        File.CreateSymbolicLink(folder["in/a/b/long"], new string('l', 70));
        try
        {
            (int exitCode, _, _) = Oracle.Run(tool, arguments(folder));
            return exitCode == 0 ? [File.ReadAllBytes(folder["image"])] : [];
        }
        catch (Exception problem) when (problem.Message.Contains("MISSING ORACLE", StringComparison.Ordinal))
        {
            return [];
        }
    }
}
