namespace Mantle.Init.Verity;

/// <summary>A partition of which the kernel and the disk's own table say the same.</summary>
/// <param name="Device">The kernel's device.</param>
/// <param name="Unique">PARTUUID.</param>
/// <param name="Length">In bytes.</param>
internal sealed record Partition(BlockDevice Device, Guid Unique, long Length)
{
    /// <summary>
    /// The one partition with a UUID; null while there is none. Two are an error: no rule would say which to trust.
    /// </summary>
    internal static Partition? Single(IReadOnlyList<Partition> partitions, Guid unique)
    {
        Partition? found = null;
        foreach (Partition partition in partitions)
        {
            if (partition.Unique == unique)
            {
                found = found is null ? partition : throw new InvalidDataException($"partition \"{unique}\" exists twice");
            }
        }

        return found;
    }

    /// <summary>Joins a kernel's partition with its entry; null if they disagree.</summary>
    /// <param name="device">The kernel's device.</param>
    /// <param name="start">The kernel's start, in bytes.</param>
    /// <param name="length">The kernel's length, in bytes.</param>
    /// <param name="entries">The table's entries.</param>
    /// <param name="blockSize">Length of a logical block, in bytes.</param>
    internal static Partition? Join(BlockDevice device, long start, long length, IReadOnlyList<GuidPartitionEntry> entries, int blockSize)
    {
        foreach (GuidPartitionEntry entry in entries)
        {
            if (entry.Number == device.PartitionNumber)
            {
                bool agree = (Int128)entry.Start * blockSize == start && (Int128)entry.Blocks * blockSize == length;
                return agree ? new Partition(device, entry.Unique, length) : null;
            }
        }

        return null;
    }
}
