using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.Image.Tests.Foreign;

/// <summary>
/// A Debian system as mmdebstrap installs it, maintainer scripts and all: systemd, an SSH server with fresh host keys, a kernel and the initrd that
/// initramfs-tools makes. mkosi is in it too, with what it calls, so that one installation is enough for all images.
/// </summary>
internal sealed class ForeignRoot : IDisposable
{
    private const string Suite = "trixie";
    private const int Patience = 600;

    private static readonly string[] s_packages =
    [
        "systemd-sysv", "openssh-server", "linux-image-cloud-amd64", "initramfs-tools", "busybox-static", "zstd",
        "mkosi", "systemd-repart", "systemd-ukify", "systemd-boot-efi", "squashfs-tools", "dosfstools", "mtools",
    ];

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<string> _root;

    public ForeignRoot() => _root = new(Install);

    /// <summary>The root folder. It belongs to root.</summary>
    public string Path => _root.Value;

    /// <summary>Release of the kernel, as <c>uname -r</c> would print it.</summary>
    public string KernelRelease => System.IO.Path.GetFileName(Assert.Single(Directory.GetDirectories(System.IO.Path.Combine(Path, "usr/lib/modules"))));

    public string Kernel => System.IO.Path.Combine(Path, "boot", "vmlinuz-" + KernelRelease);

    public string Initrd => System.IO.Path.Combine(Path, "boot", "initrd.img-" + KernelRelease);

    public string Busybox => System.IO.Path.Combine(Path, "usr/bin/busybox");

    /// <summary>Runs a tool that must read what only root may.</summary>
    public static void AsRoot(string tool, params IEnumerable<string> arguments)
    {
        string[] command = Environment.IsPrivilegedProcess ? [tool, .. arguments] : ["sudo", "--non-interactive", Oracle.Require(tool), .. arguments];
        (int exitCode, string output, string error) = Oracle.Run(command[0], command[1..], Patience);
        Assert.True(exitCode == 0, $"{string.Join(' ', command)} exited with {exitCode}: {error}{output}");
    }

    public void Dispose()
    {
        if (_root.IsValueCreated)
        {
            AsRoot("rm", "-rf", "--one-file-system", Path);
        }

        _folder.Dispose();
    }

    private string Install()
    {
        string root = _folder["root"];
        ArchiveMirror mirror;
        try
        {
            mirror = MirrorSelection.Choose(null, null, Environment.GetEnvironmentVariable(MirrorSelection.EnvironmentVariable));
        }
        catch (UserErrorException exception)
        {
            Oracle.Missing($"the Debian mirror: {exception.Message}");
            throw;
        }

        AsRoot(
            "mmdebstrap", "--quiet", "--variant=minbase", $"--keyring={Repository.PathOf("appliance", "keyrings")}", $"--include={string.Join(',', s_packages)}",
            "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
            "--dpkgopt=force-unsafe-io", "--aptopt=Acquire::Languages \"none\"",
            Suite, root, mirror.Main.AbsoluteUri);

        // mkosi would copy what devices yield, and /dev/zero has no end.
        AsRoot("find", System.IO.Path.Combine(root, "dev"), "-xdev", "-mindepth", "1", "-delete");
        return root;
    }
}
