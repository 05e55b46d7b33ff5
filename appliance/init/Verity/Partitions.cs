using System.Globalization;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Init.Kernel;

namespace Mantle.Init.Verity;

/// <summary>Waits for the root and the verity partition to appear.</summary>
internal static class Partitions
{
    private const int Timeout = 30_000;
    private const string Folder = "/sys/class/block";

    /// <returns>The data partition and the hash partition.</returns>
    /// <exception cref="InvalidDataException">One has not appeared within 30 s, or exists twice.</exception>
    internal static (Partition Data, Partition Hash) Wait(RootHash rootHash)
    {
        // Subscribed before the first look, so that no partition can appear unseen between the two.
        int events = Netlink.Open(Netlink.KernelObjectUevent, groups: 1);
        try
        {
            long deadline = Environment.TickCount64 + Timeout;
            while (true)
            {
                List<Partition> partitions = Scan(strays: null);
                Partition? data = Partition.Single(partitions, rootHash.DataPartition);
                Partition? hash = Partition.Single(partitions, rootHash.HashPartition);
                if (data is not null && hash is not null)
                {
                    return (data, hash);
                }

                int left = (int)(deadline - Environment.TickCount64);
                if (left <= 0)
                {
                    throw new InvalidDataException("root or verity partition has not appeared within 30 s");
                }

                Netlink.WaitAndDrain(events, left);
            }
        }
        finally
        {
            _ = Interop.Libc.close(events);
        }
    }

    /// <summary>The partitions of all disks.</summary>
    /// <param name="strays">Takes the entries of tables that the kernel has made no such partition of; null: nobody asks.</param>
    internal static List<Partition> Scan(List<Guid>? strays)
    {
        List<Partition> partitions = [];
        foreach ((string name, bool _) in KernelFile.List(Folder))
        {
            try
            {
                if (Describe($"{Folder}/{name}") is { PartitionNumber: 0 } disk)
                {
                    ScanDisk(disk, partitions, strays);
                }
            }
            catch (Exception problem) when (problem is SystemCallException or MalformedInputException)
            {
                // It went away between the listing and the look, can't be read, or has no GPT: not the disk that is wanted.
            }
        }

        return partitions;
    }

    private static void ScanDisk(BlockDevice disk, List<Partition> partitions, List<Guid>? strays)
    {
        string folder = $"{Folder}/{disk.Name}";
        List<BlockDevice> devices = [];
        foreach ((string name, bool isFolder) in KernelFile.List(folder))
        {
            if (isFolder && name.StartsWith(disk.Name, StringComparison.Ordinal) && Describe($"{folder}/{name}") is { PartitionNumber: > 0 } device)
            {
                devices.Add(device);
            }
        }

        if (devices.Count == 0 && strays is null)
        {
            return;
        }

        int blockSize = (int)Number($"{folder}/queue/logical_block_size");
        List<GuidPartitionEntry> entries = ReadTable($"/dev/{disk.Name}", blockSize);
        int before = partitions.Count;
        foreach (BlockDevice device in devices)
        {
            // sysfs counts in sectors of 512 bytes whatever the disk's own blocks are.
            long start = Number($"{folder}/{device.Name}/start") * 512;
            long length = Number($"{folder}/{device.Name}/size") * 512;
            if (Partition.Join(device, start, length, entries, blockSize) is { } partition)
            {
                partitions.Add(partition);
            }
        }

        strays?.AddRange(entries.Select(entry => entry.Unique).Where(unique => !partitions.Skip(before).Any(partition => partition.Unique == unique)));
    }

    private static List<GuidPartitionEntry> ReadTable(string path, int blockSize)
    {
        int descriptor = KernelFile.Open(path, OpenFlags.ReadOnly);
        try
        {
            GuidPartitionTable table = GuidPartitionTable.ReadHeader(KernelFile.ReadAt(descriptor, blockSize, GuidPartitionTable.HeaderLength, path));
            return table.ReadEntries(KernelFile.ReadAt(descriptor, (long)table.EntriesBlock * blockSize, table.EntriesLength, path));
        }
        finally
        {
            _ = Interop.Libc.close(descriptor);
        }
    }

    private static BlockDevice? Describe(string folder) =>
        BlockDevice.FromUevent(Encoding.UTF8.GetString(KernelFile.ReadAll($"{folder}/uevent", 4096)));

    private static long Number(string path) => long.Parse(KernelFile.ReadLine(path), NumberStyles.None);
}
