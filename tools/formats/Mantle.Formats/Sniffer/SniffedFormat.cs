namespace Mantle.Formats.Sniffer;

/// <summary>What bytes look like, by their magic numbers.</summary>
public enum SniffedFormat
{
    /// <summary>None of these.</summary>
    Unknown,

    /// <summary>Nothing but zeros as far as was looked (1 MB), or no bytes at all.</summary>
    Zeros,

    /// <summary>A disk with a GUID partition table.</summary>
    Gpt,

    /// <summary>A disk with an MBR partition table, or a boot sector of no file system that is known.</summary>
    Mbr,

    /// <summary>A Portable Executable: a UEFI application, a kernel, a UKI.</summary>
    Pe,

    /// <summary>An ELF file.</summary>
    Elf,

    /// <summary>A squashfs file system.</summary>
    Squashfs,

    /// <summary>ext2, ext3 or ext4.</summary>
    Ext,

    /// <summary>An EROFS file system.</summary>
    Erofs,

    /// <summary>FAT12, FAT16 or FAT32.</summary>
    Fat,

    /// <summary>An exFAT file system.</summary>
    ExFat,

    /// <summary>An NTFS file system.</summary>
    Ntfs,

    /// <summary>A cpio archive: an initrd that is not compressed, or starts so.</summary>
    Cpio,

    /// <summary>xz.</summary>
    Xz,

    /// <summary>gzip.</summary>
    Gzip,

    /// <summary>bzip2.</summary>
    Bzip2,

    /// <summary>zstd.</summary>
    Zstandard,

    /// <summary>LZ4, legacy or not.</summary>
    Lz4,

    /// <summary>lzop.</summary>
    Lzo,

    /// <summary>LZMA with its header of 13 bytes.</summary>
    Lzma,

    /// <summary>An ISO 9660 file system.</summary>
    Iso9660,

    /// <summary>A Btrfs file system.</summary>
    Btrfs,

    /// <summary>An XFS file system.</summary>
    Xfs,

    /// <summary>An F2FS file system.</summary>
    F2fs,

    /// <summary>A LUKS volume, version 1 or 2.</summary>
    Luks,

    /// <summary>A virtual disk of QEMU.</summary>
    Qcow2,

    /// <summary>A virtual disk of VMware.</summary>
    Vmdk,

    /// <summary>A virtual disk of Hyper-V.</summary>
    Vhdx,

    /// <summary>A physical volume of LVM2.</summary>
    Lvm,

    /// <summary>A member of an MD RAID.</summary>
    MdRaid,

    /// <summary>Swap space, or what is left of a hibernated machine in it.</summary>
    Swap,

    /// <summary>The superblock of dm-verity.</summary>
    Verity,

    /// <summary>An ar archive, such as a Debian package.</summary>
    Ar,

    /// <summary>A tar archive.</summary>
    Tar,
}
