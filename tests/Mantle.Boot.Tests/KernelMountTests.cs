using System.Globalization;
using System.Text;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Erofs;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Boot.Tests;

/// <summary>
/// The image's own kernel and modules mount its root and read every file back. What asks them to is an initrd of the test's: busybox and a script.
/// Nothing is put into the image, which is attached read-only.
/// </summary>
public class KernelMountTests
{
    private const string Script =
        """
        #!/bin/busybox sh
        /bin/busybox --install -s /bin
        mount -t proc proc /proc
        mount -t sysfs sysfs /sys
        mount -t devtmpfs dev /dev
        while read -r module; do insmod "/modules/$module" || echo "FAILED $module"; done < /modules/order
        for partition in /sys/class/block/*/partition; do
          folder=${partition%/partition}
          name=$(sed -n s/^PARTNAME=//p "$folder/uevent")
          echo "PARTITION $name $(cat "$partition" "$folder/start" "$folder/size" | tr '\n' ' ')"
          [ "$name" = root ] && device=${folder##*/}
        done
        mount -t erofs -o ro "/dev/$device" /root && cd /root && echo "MOUNTED $device" || echo "FAILED mount"
        find . -mindepth 1 -exec stat -c 'NODE %f %u %g %Y %n' {} +
        find . -type l -exec sh -c 'for f; do echo "LINK $f $(readlink "$f")"; done' sh {} +
        find . -type f -exec sha256sum {} + | sed 's/^/FILE /'
        echo END
        sync
        poweroff -f
        """;

    private static readonly Lazy<string[]> s_lines = new(Boot);

    [Fact]
    public void The_kernel_reads_every_file_of_the_root_as_the_manifest_has_it()
    {
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(BuildOutput.Require("out", "manifest.json")));
        Assert.Equal(
            manifest.RootElement.GetProperty("root").EnumerateObject().Select(file => $"{file.Value.GetString()}  .{file.Name}").Order(StringComparer.Ordinal),
            Said("FILE").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_kernel_sees_the_names_modes_owners_times_and_links_that_our_reader_sees()
    {
        FileTree tree = ErofsReader.Open(Partition(DiscoverablePartitions.RootX64).Content).ReadTree();
        Assert.Equal(
            tree.Walk().Select(entry => $"{Mode(entry.Node):x} {entry.Node.UserId} {entry.Node.GroupId} {entry.Node.ModifiedSeconds} ./{entry.Path}").Order(StringComparer.Ordinal),
            Said("NODE").Order(StringComparer.Ordinal));
        Assert.Equal(
            tree.Walk().Where(entry => entry.Node.Kind == FileKind.SymbolicLink).Select(entry => $"./{entry.Path} {entry.Node.LinkTarget}").Order(StringComparer.Ordinal),
            Said("LINK").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_kernel_sees_the_partitions_that_our_reader_sees()
    {
        GptPartition[] partitions = [Partition(DiscoverablePartitions.EfiSystem), Partition(DiscoverablePartitions.RootX64), Partition(DiscoverablePartitions.RootVerityX64)];
        Assert.Equal(
            partitions.Select((x, i) => $"{x.Name} {i + 1} {x.Offset / 512} {x.Content.Length / 512}"),
            Said("PARTITION").Select(line => line.TrimEnd()));
    }

    private static IEnumerable<string> Said(string word) =>
        s_lines.Value.Where(line => line.StartsWith(word + " ", StringComparison.Ordinal)).Select(line => line[(word.Length + 1)..]);

    private static GptPartition Partition(Guid type) => GptReader.Read(ByteSource.OpenFile(BuiltImage.Disk)).Partitions.Single(x => x.TypeId == type);

    private static int Mode(FileNode node) => node.Permissions | node.Kind switch
    {
        FileKind.Directory => 0x4000,
        FileKind.SymbolicLink => 0xa000,
        _ => 0x8000,
    };

    private static string[] Boot()
    {
        using TemporaryFolder folder = new();
        UkiImage uki = UkiReader.Read(ByteSource.OpenFile(BuiltImage.Uki));
        Assert.True(uki.TryGetSection(UkiSectionName.Linux, out ByteSource? kernel));
        Assert.True(uki.TryGetSection(UkiSectionName.Initrd, out ByteSource? initrd));
        File.WriteAllBytes(folder["kernel"], kernel.ToArray());
        File.WriteAllBytes(folder["initrd"], CpioWriter.Layout(TestInitrd(CpioReader.ReadTree(initrd), folder)).ToArray());

        string output = "";
        for (int attempt = 0; attempt < 2 && !output.Contains("\nEND", StringComparison.Ordinal); attempt++)
        {
            (_, output, string error) = Oracle.Run(
                "qemu-system-x86_64",
                [
                    "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "q35,accel=tcg", "-cpu", "EPYC", "-m", "512M",
                    "-kernel", folder["kernel"], "-initrd", folder["initrd"], "-append", "console=ttyS0 quiet panic=-1",
                    "-drive", $"if=none,id=disk,format=raw,readonly=on,file={BuiltImage.Disk}", "-device", "virtio-blk-pci,drive=disk",
                    "-serial", "stdio",
                ],
                seconds: 150);
            output += error;
        }

        string[] lines = [.. output.Split('\n').Select(line => line.TrimEnd('\r'))];
        Assert.Contains("END", lines);
        Assert.True(!lines.Any(line => line.StartsWith("FAILED", StringComparison.Ordinal)), output);
        return lines;
    }

    /// <summary>The image's modules, uncompressed as busybox wants them, with busybox in the place of process 1.</summary>
    private static FileTree TestInitrd(FileTree image, TemporaryFolder folder)
    {
        FileTree tree = new();
        Assert.True(image.TryFind("modules/order", out FileNode? order));
        StringBuilder names = new();
        foreach (string name in Encoding.UTF8.GetString(order.Content.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.True(image.TryFind($"modules/{name}", out FileNode? module));
            File.WriteAllBytes(folder[name], module.Content.ToArray());
            if (name.EndsWith(".xz", StringComparison.Ordinal))
            {
                Oracle.Succeed("xz", "--decompress", folder[name]);
            }

            string plain = name.EndsWith(".xz", StringComparison.Ordinal) ? name[..^3] : name;
            tree.Put($"modules/{plain}", FileNode.Regular(ByteSource.FromMemory(File.ReadAllBytes(folder[plain]))));
            names.Append(CultureInfo.InvariantCulture, $"{plain}\n");
        }

        tree.Put("modules/order", FileNode.Regular(ByteSource.FromMemory(Encoding.UTF8.GetBytes(names.ToString()))));
        tree.Put("bin/busybox", FileNode.Regular(ByteSource.FromMemory(File.ReadAllBytes(Oracle.Require("busybox"))), 0b111_101_101));
        tree.Put("init", FileNode.Regular(ByteSource.FromMemory(Encoding.UTF8.GetBytes(Script + "\n")), 0b111_101_101));
        foreach (string mountPoint in new[] { "proc", "sys", "dev", "root" })
        {
            tree.Put(mountPoint, FileNode.Directory());
        }

        return tree;
    }
}
