using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary>File systems that are full or may not be written. They are mounted for the purpose, as root or through sudo.</summary>
public sealed class HostileDiskTests : IDisposable
{
    private const int Payload = 1 << 20;
    private readonly TemporaryFolder _folder = new();
    private bool _mounted;

    public void Dispose()
    {
        if (_mounted)
        {
            AsRoot("umount", _folder["small"]);
        }

        _folder.Dispose();
    }

    [Fact]
    public void An_output_that_does_not_fit_the_disk_leaves_the_previous_one()
    {
        Mount("size=1m");
        TinyAppliance.Write(_folder.Root);
        Build(0, "--output", "small/out");
        string previous = TinyAppliance.Digest(_folder["small/out"]);

        TinyAppliance.Write(_folder.Root, payload: Payload);
        Assert.Matches("imagebuilder: error: no space left on device", Build(4, "--output", "small/out"));
        Assert.Equal(previous, TinyAppliance.Digest(_folder["small/out"]));
        TinyAppliance.AssertNoLeftovers(_folder["small"]);

        TinyAppliance.Write(_folder.Root);
        Build(0, "--output", "small/out");
        Assert.Equal(previous, TinyAppliance.Digest(_folder["small/out"]));
    }

    [Fact]
    public void A_cache_that_does_not_fit_the_disk_is_usable_afterwards()
    {
        Mount("size=64k");
        byte[] noise = new byte[Payload];
        new Random(1).NextBytes(noise);
        byte[] package = DebBuilder.Package("base", DebBuilder.Directory("./"), DebBuilder.Directory("./usr/"), DebBuilder.File("./usr/noise", noise));
        TinyAppliance.Write(_folder.Root, package);
        Assert.Matches("imagebuilder: error: no space left on device", Build(4, "--cache", "small/cache"));
        Assert.False(Directory.Exists(_folder["out"]));

        Remount("size=16m");
        Build(0, "--cache", "small/cache");
        string digest = TinyAppliance.Digest(_folder["out"]);
        Build(0);
        Assert.Equal(digest, TinyAppliance.Digest(_folder["out"]));
    }

    [Fact]
    public void Places_that_may_not_be_written_are_named()
    {
        Mount("size=8m");
        TinyAppliance.Write(_folder.Root);
        Build(0, "--output", "small/out");
        File.Copy(_folder["tiny.lock.json"], _folder["small/tiny.lock.json"]);
        string previous = TinyAppliance.Digest(_folder["small/out"]);
        Remount("ro");

        Assert.Matches("imagebuilder: error: read-only file system.*small", Build(4, "--output", "small/out"));
        Assert.Matches("imagebuilder: error: cache: folder .* cannot be used: Read-only file system", Build(4, "--cache", "small/cache"));
        Assert.Equal(previous, TinyAppliance.Digest(_folder["small/out"]));
        Build(0, "--lock", "small/tiny.lock.json");
    }

    [Fact]
    public void A_file_system_that_cannot_exchange_folders_takes_a_new_output_and_keeps_an_old_one()
    {
        // disorderfs stands for network and FUSE file systems that know no flags of renameat2(2).
        Directory.CreateDirectory(_folder["real"]);
        Directory.CreateDirectory(_folder["small"]);
        if (Oracle.Run("disorderfs", ["-q", "--multi-user=no", _folder["real"], _folder["small"]]) is (not 0, _, var error))
        {
            Assert.Skip($"NO MOUNT: a FUSE file system needs /dev/fuse: {error.Trim()}");
        }

        _mounted = true;
        TinyAppliance.Write(_folder.Root);
        Build(0, "--output", "small/out");
        string previous = TinyAppliance.Digest(_folder["small/out"]);
        Build(0);
        Assert.Equal(TinyAppliance.Digest(_folder["out"]), previous);

        TinyAppliance.Write(_folder.Root, payload: Payload);
        Assert.Matches("imagebuilder: error: output: cannot put the new files in place of .*small/out", Build(4, "--output", "small/out"));
        Assert.Equal(previous, TinyAppliance.Digest(_folder["small/out"]));
    }

    private string Build(int exitCode, params string[] more)
    {
        ToolResult result = Tool.Run(_folder.Root, "imagebuilder", TinyAppliance.Build(_folder.Root, more));
        Assert.True(result.ExitCode == exitCode, $"exit code {result.ExitCode}: {result.Error}");
        TinyAppliance.AssertNoLeftovers(_folder.Root);
        return result.Error;
    }

    private void Mount(string options)
    {
        Directory.CreateDirectory(_folder["small"]);
        if (AsRoot("mount", "-t", "tmpfs", "-o", $"{options},mode=777", "tmpfs", _folder["small"]) is (not 0, _, var error))
        {
            // Whoever runs the tests for all others must be able to mount.
            string reason = $"NO MOUNT: a file system of chosen size needs root: {error.Trim()}";
            Assert.False(Oracle.InContinuousIntegration, reason);
            Assert.Skip(reason);
        }

        _mounted = true;
    }

    private void Remount(string options)
    {
        (int exitCode, _, string error) = AsRoot("mount", "-o", "remount," + options, _folder["small"]);
        Assert.True(exitCode == 0, error);
    }

    private static (int ExitCode, string Output, string Error) AsRoot(string tool, params string[] arguments) =>
        Environment.IsPrivilegedProcess ? Oracle.Run(tool, arguments) : Oracle.Run("sudo", ["--non-interactive", Oracle.Require(tool), .. arguments]);
}
