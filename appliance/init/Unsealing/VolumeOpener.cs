using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Init.Configuration;
using Mantle.Init.Kernel;
using Mantle.Init.Verity;

namespace Mantle.Init.Unsealing;

/// <summary>Puts the layers over a volume's partition, from below: dm-crypt (if encrypted), dm-verity, the file system.</summary>
internal static class VolumeOpener
{
    /// <summary>Where volumes are mounted, each by its name.</summary>
    internal const string Folder = "/run/volumes";

    private const ulong SectorsPerBlock = VeritySuperblock.BlockSize / 512;

    /// <summary>Opens and mounts it.</summary>
    /// <exception cref="StageException">A layer failed.</exception>
    internal static void Open(VolumeConfiguration volume, VolumePartitions partitions, ReadOnlySpan<byte> key)
    {
        (string path, string number) = ($"/dev/{partitions.Data.Device.Name}", partitions.Data.Device.Number);
        if (volume.Encrypted)
        {
            (path, number) = Decrypt(volume.Name, partitions, key);
        }

        string device = Verify(volume, partitions.DataBlocks, path, number);
        try
        {
            string folder = $"{Folder}/{volume.Name}";
            Mounts.MakeFolder(folder, 0x1ED);
            Mounts.Mount(device, folder, "erofs", MountFlags.ReadOnly | MountFlags.NoDevices | MountFlags.NoSuid | MountFlags.NoExecution);
        }
        catch (SystemCallException problem)
        {
            throw new StageException(StageCode.Mount, problem);
        }
    }

    /// <summary>Takes away what <see cref="Open"/> made, however far it came.</summary>
    internal static void Close(VolumeConfiguration volume)
    {
        const int Detach = 2;
        _ = Interop.Libc.umount2($"{Folder}/{volume.Name}", Detach);
        DeviceMapper.RemoveDevice(VerityName(volume.Name));
        if (volume.Encrypted)
        {
            DeviceMapper.RemoveDevice(CryptName(volume.Name));
        }
    }

    /// <summary>
    /// Parameters of the <c>crypt</c> target: AES-256-XTS over sectors of 4096 bytes, numbered in such sectors from 0. The key
    /// travels in the request itself, not by way of the kernel's key ring: that would be one more place that keeps it, and one
    /// more interface of the kernel's for a process that has no other use for it.
    /// </summary>
    internal static void WriteCryptParameters(Span<byte> destination, ReadOnlySpan<byte> key, string device, out int length)
    {
        const string Cipher = "aes-xts-plain64 ";
        string rest = $" 0 {device} 0 2 sector_size:4096 iv_large_sectors";
        int at = Encoding.ASCII.GetBytes(Cipher, destination);
        foreach (byte value in key)
        {
            destination[at++] = "0123456789abcdef"u8[value >> 4];
            destination[at++] = "0123456789abcdef"u8[value & 0xF];
        }

        length = at + Encoding.ASCII.GetBytes(rest, destination[at..]);
    }

    private static MappedDevice Decrypt(string name, VolumePartitions partitions, ReadOnlySpan<byte> key)
    {
        byte[] parameters = GC.AllocateArray<byte>(512, pinned: true);
        try
        {
            WriteCryptParameters(parameters, key, partitions.Data.Device.Number, out int length);
            return DeviceMapper.CreateDevice(CryptName(name), "crypt", (ulong)partitions.Data.Length / 512, parameters.AsSpan(0, length));
        }
        catch (SystemCallException problem)
        {
            throw new StageException(StageCode.EncryptionLayer, problem);
        }
        finally
        {
            parameters.AsSpan().Clear();
        }
    }

    /// <summary>
    /// Where the tree lies is known from the partition's length. The superblock there adds the salt; a wrong key shows here first.
    /// The first block is read once, which leads up to the root hash: a volume that is another's fails now.
    /// </summary>
    private static string Verify(VolumeConfiguration volume, ulong dataBlocks, string path, string number)
    {
        try
        {
            VeritySuperblock superblock = VeritySuperblock.Read(ReadBlock(path, dataBlocks).AsSpan(0, VeritySuperblock.Length));
            if (superblock.DataBlocks != dataBlocks)
            {
                throw new StageException(StageCode.VerityLayer);
            }

            MappedDevice device = DeviceMapper.CreateDevice(
                VerityName(volume.Name), "verity", dataBlocks * SectorsPerBlock, superblock.VolumeTableParameters(number, volume.RootHash));
            _ = ReadBlock(device.Path, 0);
            return device.Path;
        }
        catch (Exception problem) when (problem is SystemCallException or MalformedInputException)
        {
            throw new StageException(StageCode.VerityLayer, problem);
        }
    }

    private static byte[] ReadBlock(string path, ulong block)
    {
        int descriptor = KernelFile.Open(path, OpenFlags.ReadOnly);
        try
        {
            byte[] bytes = KernelFile.ReadAt(descriptor, (long)block * VeritySuperblock.BlockSize, VeritySuperblock.BlockSize, path);
            return bytes.Length == VeritySuperblock.BlockSize ? bytes : throw new StageException(StageCode.VerityLayer);
        }
        finally
        {
            _ = Interop.Libc.close(descriptor);
        }
    }

    private static string CryptName(string volume) => $"crypt-{volume}";

    private static string VerityName(string volume) => $"volume-{volume}";
}
