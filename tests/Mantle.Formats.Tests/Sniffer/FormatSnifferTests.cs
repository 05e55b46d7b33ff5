using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Sniffer;
using Mantle.Formats.Tests.Cpio;
using Mantle.Formats.Tests.Erofs;
using Mantle.Formats.Tests.Pe;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Sniffer;

public class FormatSnifferTests
{
    [Theory]
    [InlineData(SniffedFormat.Squashfs, "mksquashfs in image -quiet -no-progress -noappend")]
    [InlineData(SniffedFormat.Ext, "mke2fs -q -F -t ext4 image")]
    [InlineData(SniffedFormat.Ext, "mke2fs -q -F -t ext2 image")]
    [InlineData(SniffedFormat.Erofs, "mkfs.erofs image in")]
    [InlineData(SniffedFormat.Fat, "mkfs.fat image")]
    [InlineData(SniffedFormat.Fat, "mkfs.fat -F 32 image")]
    [InlineData(SniffedFormat.Fat, "mkfs.fat -F 12 image")]
    [InlineData(SniffedFormat.Gpt, "sgdisk -n 1 image")]
    [InlineData(SniffedFormat.Mbr, "echo ,, | sfdisk -q image")]
    [InlineData(SniffedFormat.Swap, "mkswap image")]
    [InlineData(SniffedFormat.Swap, "mkswap -p 65536 image")]
    [InlineData(SniffedFormat.Luks, "echo secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 image -")]
    [InlineData(SniffedFormat.Luks, "echo secret | cryptsetup luksFormat -q --type luks1 --pbkdf-force-iterations 1000 image -")]
    [InlineData(SniffedFormat.Verity, "head -c 8192 /dev/zero > data; veritysetup format data image")]
    [InlineData(SniffedFormat.Xz, "xz -c < text > image")]
    [InlineData(SniffedFormat.Lzma, "xz --format=lzma -c < text > image")]
    [InlineData(SniffedFormat.Gzip, "gzip -c < text > image")]
    [InlineData(SniffedFormat.Bzip2, "bzip2 -c < text > image")]
    [InlineData(SniffedFormat.Zstandard, "zstd -c < text > image")]
    [InlineData(SniffedFormat.Lz4, "lz4 -c < text > image")]
    [InlineData(SniffedFormat.Lz4, "lz4 -l -c < text > image")]
    [InlineData(SniffedFormat.Lzo, "lzop -c < text > image")]
    [InlineData(SniffedFormat.Cpio, "find in | cpio --quiet -o -H newc > image")]
    [InlineData(SniffedFormat.Tar, "tar -cf image in")]
    [InlineData(SniffedFormat.Ar, "ar rc new.a text; mv new.a image")]
    [InlineData(SniffedFormat.Elf, "cat /bin/sh > image")]
    [InlineData(SniffedFormat.Zeros, "true")]
    [InlineData(SniffedFormat.Unknown, "cp text image")]
    public void What_a_tool_writes_is_called_by_its_name(SniffedFormat expected, string command)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        File.WriteAllText(folder["in/file"], "content");
        File.WriteAllText(folder["text"], new string('t', 1000));
        using (FileStream image = File.Create(folder["image"]))
        {
            image.SetLength(40 << 20);
        }

        if (!command.StartsWith("echo", StringComparison.Ordinal) && command.Split(' ')[0] is not ("find" or "head" or "true"))
        {
            Oracle.Require(command.Split(' ')[0]);
        }

        (int exitCode, string output, string error) = Oracle.Run("sh", ["-c", $"PATH=$PATH:/usr/sbin:/sbin; cd '{folder.Root}' && {command}"]);
        Assert.True(exitCode == 0, output + error);

        Assert.Equal(expected, FormatSniffer.Sniff(ByteSource.OpenFile(folder["image"])));
    }

    // The superblocks' definitions: btrfs-progs kernel-shared/uapi/btrfs_tree.h, xfs_format.h, LVM2 lib/label/label.h, ECMA-119 8.1,
    // qemu docs/interop/qcow2.txt, md_p.h, f2fs_fs.h, exFAT and NTFS boot sectors.
    [Theory]
    [InlineData(SniffedFormat.Btrfs, 0x10040, "5F42485266535F4D")]
    [InlineData(SniffedFormat.Xfs, 0, "58465342")]
    [InlineData(SniffedFormat.Lvm, 512, "4C4142454C4F4E45")]
    [InlineData(SniffedFormat.Iso9660, 0x8001, "4344303031")]
    [InlineData(SniffedFormat.Qcow2, 0, "514649FB")]
    [InlineData(SniffedFormat.Vmdk, 0, "4B444D56")]
    [InlineData(SniffedFormat.Vhdx, 0, "7668647866696C65")]
    [InlineData(SniffedFormat.MdRaid, 4096, "FC4E2BA9")]
    [InlineData(SniffedFormat.F2fs, 1024, "1020F5F2")]
    [InlineData(SniffedFormat.ExFat, 3, "4558464154202020")]
    [InlineData(SniffedFormat.Ntfs, 3, "4E54465320202020")]
    [InlineData(SniffedFormat.Gpt, 4096, "4546492050415254")]
    [InlineData(SniffedFormat.Swap, 4086, "53315355535045" + "4E44")]
    public void A_magic_number_is_found_where_it_is_defined(SniffedFormat expected, int offset, string magic)
    {
        byte[] bytes = new byte[0x11000];
        Convert.FromHexString(magic).CopyTo(bytes, offset);
        Assert.Equal(expected, FormatSniffer.Sniff(ByteSource.FromMemory(bytes)));
        Assert.NotEqual(expected, FormatSniffer.Sniff(ByteSource.FromMemory(bytes.AsMemory(0, offset + 1))));
    }

    [Fact]
    public void A_pe_image_and_an_archive_of_ours_are_known()
    {
        Assert.Equal(SniffedFormat.Pe, FormatSniffer.Sniff(ByteSource.FromMemory(SyntheticPe.Stub())));
        Assert.Equal(SniffedFormat.Cpio, FormatSniffer.Sniff(CpioWriter.Layout(TreeText.With(("a", "b")))));
        Assert.Equal(SniffedFormat.Unknown, FormatSniffer.Sniff(ByteSource.FromMemory(ErofsTestTrees.Bytes(5000))));
        Assert.Equal(SniffedFormat.Zeros, FormatSniffer.Sniff(ByteSource.Empty));
    }
}
