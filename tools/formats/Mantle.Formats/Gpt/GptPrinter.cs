
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Gpt;

/// <summary>Prints a partition table as text that can be compared line by line.</summary>
public static class GptPrinter
{
    /// <summary>The disk, then one block for each partition, then the deviations.</summary>
    public static void Print(TextWriter output, GptTable table)
    {
        output.Write($"gpt disk {table.DiskId}\n");
        output.Write($"  sectors     {table.SectorCount} of 512 bytes, usable {table.FirstUsableLba} to {table.LastUsableLba}\n");
        output.Write($"  backup      at {table.BackupLba}\n");
        output.Write($"  entries     {table.EntryCount} of {table.EntrySize} bytes, {table.Partitions.Count} used\n");
        foreach (GptPartition partition in table.Partitions)
        {
            output.Write($"partition {partition.Number} \"{PrintedText.Escape(partition.Name)}\"\n");
            output.Write($"  type        {partition.TypeId} ({DiscoverablePartitions.Names.GetValueOrDefault(partition.TypeId, "unknown")})\n");
            output.Write($"  id          {partition.Id}\n");
            output.Write($"  sectors     {partition.FirstLba} to {partition.LastLba} ({partition.Length} bytes)\n");
            output.Write($"  attributes  0x{partition.Attributes:x16}\n");
        }

        foreach (GptFinding deviation in table.Deviations)
        {
            output.Write($"deviation {deviation.Kind}: {deviation.Problem} at offset 0x{deviation.Offset:x}\n");
        }
    }
}
