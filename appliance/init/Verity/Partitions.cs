using System.Text;
using Mantle.Init.Kernel;

namespace Mantle.Init.Verity;

/// <summary>Waits for the root and the verity partition to appear.</summary>
internal static class Partitions
{
    private const int Timeout = 30_000;

    /// <returns>The data partition and the hash partition.</returns>
    /// <exception cref="InvalidDataException">One has not appeared within 30 s, or exists twice.</exception>
    internal static (BlockDevice Data, BlockDevice Hash) Wait(RootHash rootHash)
    {
        // Subscribed before the first look, so that no partition can appear unseen between the two.
        int events = Netlink.Open(Netlink.KernelObjectUevent, groups: 1);
        try
        {
            long deadline = Environment.TickCount64 + Timeout;
            while (true)
            {
                List<BlockDevice> devices = Scan();
                BlockDevice? data = BlockDevice.Single(devices, rootHash.DataPartition);
                BlockDevice? hash = BlockDevice.Single(devices, rootHash.HashPartition);
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

    /// <summary>Length of a block device, in bytes. sysfs counts in sectors of 512 bytes whatever the device's own are.</summary>
    internal static long Length(BlockDevice device) =>
        long.Parse(KernelFile.ReadLine($"/sys/class/block/{device.Name}/size")) * 512;

    private static List<BlockDevice> Scan()
    {
        List<BlockDevice> devices = [];
        foreach ((string name, bool _) in KernelFile.List("/sys/class/block"))
        {
            try
            {
                if (BlockDevice.FromUevent(Encoding.UTF8.GetString(KernelFile.ReadAll($"/sys/class/block/{name}/uevent", 4096))) is { } device)
                {
                    devices.Add(device);
                }
            }
            catch (SystemCallException)
            {
                // It went away between the listing and the look.
            }
        }

        return devices;
    }
}
