using System.Formats.Tar;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary>Packages and images that were made or damaged to do harm end in one line.</summary>
public class HostileInputTests
{
    public static TheoryData<string, byte[], string> Packages => new()
    {
        { "traversal", Package(DebBuilder.File("./usr/../../escaped", "x")), "escaped" },
        { "absolute path", Package(DebBuilder.File("/escaped", "x")), "escaped" },
        { "hard link outside", Package(DebBuilder.HardLink("./usr/x", "../../../etc/passwd")), "passwd" },
        { "hard link to absolute path", Package(DebBuilder.HardLink("./usr/x", "/etc/passwd")), "passwd" },
        { "file below a link", Package(DebBuilder.Symlink("./usr/x", "/tmp"), DebBuilder.File("./usr/x/escaped", "x")), "escaped" },
        { "the same path twice", Package(DebBuilder.File("./usr/x", "1"), DebBuilder.File("./usr/x", "2")), "usr/x" },
        { "a directory where a file is", Package(DebBuilder.File("./usr/x", "1"), DebBuilder.Directory("./usr/x/")), "usr/x" },
        { "a directory that is not listed", Package(DebBuilder.File("./opt/x", "1")), "opt" },
        { "a line feed in a name", Package(DebBuilder.File("./usr/a\nimagebuilder: error: forged", "x"), DebBuilder.File("./usr/a\nimagebuilder: error: forged", "x")), "forged" },
        { "a device", Package(new GnuTarEntry(TarEntryType.BlockDevice, "./usr/sda") { DeviceMajor = 8, DeviceMinor = 0 }), "usr/sda" },
        { "not a package", "<html>404</html>"u8.ToArray(), "ar" },
        { "no data", DebBuilder.Archive(("debian-binary", "2.0\n"u8.ToArray())), "control.tar" },
        { "another version", DebBuilder.Archive(("debian-binary", "3.0\n"u8.ToArray())), "2.0" },
    };

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_hostile_package_is_refused_by_name(string what, byte[] package, string named)
    {
        using TemporaryFolder folder = new();
        TinyAppliance.Write(folder.Root, package);
        ToolResult result = Tool.Run(folder.Root, "imagebuilder", TinyAppliance.Build(folder.Root));

        Assert.True(result.ExitCode == 3, $"{what}: exit code {result.ExitCode}: {result.Error}");
        Assert.Contains("base", result.Error, StringComparison.Ordinal);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["out"]));
        TinyAppliance.AssertNoLeftovers(folder.Root);
        Assert.False(File.Exists("/escaped") || File.Exists("/tmp/escaped") || File.Exists(folder["escaped"]));
    }

    [Fact]
    public void A_damaged_package_is_refused_wherever_the_damage_is()
    {
        using TemporaryFolder folder = new();
        byte[] sound = Package(DebBuilder.File("./usr/x", "content"));
        for (int at = 0; at < sound.Length; at += 1 + (sound.Length / 12))
        {
            byte[] flipped = [.. sound];
            flipped[at] ^= 0x10;
            foreach (byte[] package in (byte[][])[sound[..at], flipped])
            {
                if (package.Length > 0)
                {
                    TinyAppliance.Write(folder.Root, package);
                    ToolResult result = Tool.Run(folder.Root, "imagebuilder", TinyAppliance.Build(folder.Root));

                    // A flipped bit may hit a time or an owner's name, which mean nothing here.
                    Assert.True(result.ExitCode == 3 || (result.ExitCode == 0 && package.Length == sound.Length), $"offset {at}: exit code {result.ExitCode}: {result.Error}");
                }
            }
        }
    }

    [Fact]
    public void A_mirror_that_serves_other_bytes_is_named_and_its_bytes_are_not_kept()
    {
        using TemporaryFolder folder = new();
        TinyAppliance.Write(folder.Root);
        string path = folder["debian/pool/base_1.0-1_amd64.deb"];
        byte[] sound = File.ReadAllBytes(path);
        byte[] other = [.. sound];
        other[^1] ^= 1;
        File.WriteAllBytes(path, other);
        ToolResult result = Tool.Run(folder.Root, "imagebuilder", TinyAppliance.Build(folder.Root));
        Assert.Equal(4, result.ExitCode);
        Assert.Matches("package \"base\" 1.0-1: sha256 of file://.*base_1.0-1_amd64.deb is [0-9a-f]{64} where the lock says", result.Error);

        File.WriteAllBytes(path, sound);
        Assert.Equal(0, Tool.Run(folder.Root, "imagebuilder", TinyAppliance.Build(folder.Root)).ExitCode);
    }

    [Fact]
    public void A_damaged_image_is_refused_or_predicted_in_one_line()
    {
        using TemporaryFolder folder = new();
        TinyAppliance.Write(folder.Root);
        Assert.Equal(0, Tool.Run(folder.Root, "imagebuilder", TinyAppliance.Build(folder.Root)).ExitCode);
        byte[] sound = File.ReadAllBytes(folder["out/image.raw"]);
        int[] places = [0, 0x1BE, 510, 512, 520, 600, 1024, 1040, 1 << 20, (1 << 20) + 11, (1 << 20) + 512, (1 << 20) + 4096, sound.Length - 512, sound.Length - 1];
        foreach (int at in places)
        {
            byte[] flipped = [.. sound];
            flipped[at] ^= 0x40;
            foreach (byte[] image in (byte[][])[sound[..at], flipped])
            {
                File.WriteAllBytes(folder["damaged.raw"], image);
                ToolResult result = Tool.Run(folder.Root, "measure", "predict", "damaged.raw");
                Assert.True(result.ExitCode == 3 || (result.ExitCode == 0 && image.Length == sound.Length), $"offset {at}: exit code {result.ExitCode}: {result.Error}");
            }
        }
    }

    private static byte[] Package(params TarEntry[] entries) =>
        DebBuilder.Package("base", [DebBuilder.Directory("./"), DebBuilder.Directory("./usr/"), .. entries]);
}
