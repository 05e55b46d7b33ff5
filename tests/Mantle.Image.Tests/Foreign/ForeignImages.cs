using System.Globalization;
using Mantle.Testing;

namespace Mantle.Image.Tests.Foreign;

/// <summary>Images that other people's tools make of a <see cref="ForeignRoot"/>. Each is made when it is first asked for.</summary>
public sealed class ForeignImages : IDisposable
{
    private const string SystemPartition = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
    private const string RootPartition = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";
    private const int MiB = 1 << 20;
    private const string Python = "/usr/bin/python3";

    private readonly TemporaryFolder _folder = new();
    private readonly ForeignRoot _root = new();
    private readonly Lazy<string> _boot;

    public ForeignImages() => _boot = new(MakeBootLoader);

    /// <summary>The release of the kernel in all of them.</summary>
    public string KernelRelease => _root.KernelRelease;

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    /// <summary>A cloud image in the usual shape: GPT, GRUB on the ESP, the root on ext4, a serial console.</summary>
    public string Disk()
    {
        string system = Fat("esp", 64, ("EFI/BOOT/BOOTX64.EFI", _boot.Value), ("EFI/debian/grub.cfg", Text("grub.cfg", $$"""
            set timeout=5
            menuentry "Debian" {
              search --no-floppy --fs-uuid --set=root 11111111-2222-3333-4444-555555555555
              linux /boot/vmlinuz-{{KernelRelease}} root=UUID=11111111-2222-3333-4444-555555555555 ro console=tty0 console=ttyS0,115200
              initrd /boot/initrd.img-{{KernelRelease}}
            }

            """)));
        string root = _folder["root.ext4"];
        ForeignRoot.AsRoot("mke2fs", "-q", "-t", "ext4", "-U", "11111111-2222-3333-4444-555555555555", "-d", _root.Path, root, "768M");
        return Assemble("disk.raw", (SystemPartition, system), (RootPartition, root));
    }

    /// <summary>A live medium for a USB stick: everything on one FAT file system, the root in a squashfs.</summary>
    public string Live()
    {
        string squashfs = _folder["filesystem.squashfs"];
        ForeignRoot.AsRoot("mksquashfs", _root.Path, squashfs, "-comp", "zstd", "-Xcompression-level", "1", "-noappend", "-quiet", "-no-progress", "-e", "boot");
        string system = Fat("live", 400,
            ("EFI/BOOT/BOOTX64.EFI", _boot.Value),
            ("boot/grub/grub.cfg", Text("live.cfg", "menuentry live {\n linux /live/vmlinuz boot=live components quiet splash\n initrd /live/initrd.img\n}\n")),
            ("live/vmlinuz", _root.Kernel),
            ("live/initrd.img", _root.Initrd),
            ("live/filesystem.squashfs", squashfs));
        return Assemble("live.raw", (SystemPartition, system));
    }

    /// <summary>Debian's mkosi: a UKI with the root hash on its command line, the root on squashfs, verity.</summary>
    public string Mkosi()
    {
        string work = _folder["mkosi"];
        Directory.CreateDirectory(Path.Combine(work, "repart"));
        Directory.CreateDirectory(Path.Combine(work, "python"));
        Directory.CreateDirectory(_folder["workspace"]);
        File.WriteAllText(Path.Combine(work, "repart", "00-esp.conf"), "[Partition]\nType=esp\nFormat=vfat\nCopyFiles=/efi:/\nSizeMinBytes=96M\nSizeMaxBytes=96M\n");
        File.WriteAllText(Path.Combine(work, "repart", "10-root.conf"),
            "[Partition]\nType=root\nFormat=squashfs\nCompression=zstd\nCompressionLevel=1\nCopyFiles=/\nVerity=data\nVerityMatchKey=root\nSizeMinBytes=320M\nSizeMaxBytes=320M\n");
        File.WriteAllText(Path.Combine(work, "repart", "20-verity.conf"), "[Partition]\nType=root-verity\nVerity=hash\nVerityMatchKey=root\nSizeMinBytes=16M\nSizeMaxBytes=16M\n");
        File.WriteAllText(Path.Combine(work, "mkosi.conf"), $"""
            [Distribution]
            Distribution=custom
            [Output]
            Format=disk
            OutputDirectory={work}
            RepartDirectories={work}/repart
            [Content]
            BaseTrees={_root.Path}
            Bootable=yes
            Bootloader=uki
            UnifiedKernelImages=yes
            Initrds={_root.Initrd}
            KernelCommandLine=console=ttyS0
            [Build]
            ToolsTree={_root.Path}
            WorkspaceDirectory={_folder["workspace"]}

            """);

        // Its code runs under the host's Python, what it calls is the tree's own.
        ForeignRoot.AsRoot("cp", "-r", Path.Combine(_root.Path, "usr/lib/python3/dist-packages/mkosi"), Path.Combine(work, "python"));
        ForeignRoot.AsRoot("env", $"PYTHONPATH={work}/python", "PYTHONDONTWRITEBYTECODE=1", Python, "-m", "mkosi", $"--directory={work}", "--force", "build");
        return Path.Combine(work, "image.raw");
    }

    /// <summary>A kernel and an initrd with nothing but busybox, on a FAT file system without partitions, started by syslinux.</summary>
    public string Busybox()
    {
        string tree = _folder["tree"];
        Directory.CreateDirectory(Path.Combine(tree, "bin"));
        File.Copy(_root.Busybox, Path.Combine(tree, "bin", "busybox"), overwrite: true);
        File.WriteAllText(Path.Combine(tree, "init"), "#!/bin/busybox sh\n/bin/busybox mount -t proc proc /proc\nexec /bin/busybox sh\n");
        Oracle.Succeed("chmod", "755", Path.Combine(tree, "init"), Path.Combine(tree, "bin", "busybox"));
        string initrd = _folder["initrd.gz"];
        Oracle.Succeed("sh", "-c", $"cd '{tree}' && find . | cpio --create --format=newc --owner=0:0 --quiet | gzip -1n > '{initrd}'");
        return Fat("busybox.img", 32, ("vmlinuz", _root.Kernel), ("initrd.gz", initrd), ("syslinux.cfg", Text("syslinux.cfg", "DEFAULT linux\nLABEL linux\n  KERNEL vmlinuz\n  APPEND initrd=initrd.gz console=ttyS0 quiet\n")));
    }

    private string MakeBootLoader()
    {
        Oracle.Succeed("grub-mkimage", "-O", "x86_64-efi", "-o", _folder["grub.efi"], "-p", "/EFI/debian", "part_gpt", "fat", "ext2", "normal", "linux", "search", "search_fs_uuid", "configfile");
        return _folder["grub.efi"];
    }

    private string Text(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return _folder[name];
    }

    private string Fat(string name, int size, params (string Path, string Source)[] files)
    {
        string image = _folder[name];
        using (FileStream file = File.Create(image))
        {
            file.SetLength((long)size * MiB);
        }

        Oracle.Succeed("mkfs.vfat", image);
        HashSet<string> made = [];
        foreach ((string path, string source) in files)
        {
            string[] parts = path.Split('/');
            for (int i = 1; i < parts.Length; i++)
            {
                string folder = string.Join('/', parts[..i]);
                if (made.Add(folder))
                {
                    Oracle.Succeed("mmd", "-i", image, "::" + folder);
                }
            }

            ForeignRoot.AsRoot("mcopy", "-i", image, source, "::" + path);
        }

        return image;
    }

    /// <summary>A disk with partitions, by sfdisk and dd.</summary>
    private string Assemble(string name, params (string Type, string Content)[] partitions)
    {
        string disk = _folder[name];
        long start = MiB;
        List<string> lines = ["label: gpt"];
        foreach ((string type, string content) in partitions)
        {
            long length = (new FileInfo(content).Length + MiB - 1) / MiB * MiB;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"start={start / 512}, size={length / 512}, type={type}"));
            start += length;
        }

        using (FileStream file = File.Create(disk))
        {
            file.SetLength(start + MiB);
        }

        string script = Text(name + ".sfdisk", string.Join('\n', lines) + "\n");
        Oracle.Succeed("sh", "-c", $"'{Oracle.Require("sfdisk")}' --quiet '{disk}' < '{script}'");
        start = MiB;
        foreach ((_, string content) in partitions)
        {
            Oracle.Succeed("dd", $"if={content}", $"of={disk}", "bs=1M", "conv=sparse,notrunc", "oflag=seek_bytes", "status=none", string.Create(CultureInfo.InvariantCulture, $"seek={start}"));
            start += (new FileInfo(content).Length + MiB - 1) / MiB * MiB;
        }

        return disk;
    }
}
