
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Fat;

/// <summary>Prints a volume as text that can be compared line by line.</summary>
public static class FatPrinter
{
    /// <summary>
    /// The volume, then one line for each entry: attributes, size in bytes, first cluster and number of fragments, time, path, short name, SHA-256.
    /// </summary>
    public static void Print(TextWriter output, FatVolume volume)
    {
        output.Write($"fat{(int)volume.Kind} volume {volume.VolumeId >> 16:X4}-{volume.VolumeId & 0xFFFF:X4} \"{PrintedText.Escape(volume.Label)}\", {volume.Length} bytes\n");
        string claimed = volume.ClaimedFreeClusters is { } claim && claim != volume.FreeClusters ? $" ({claim} claimed)" : "";
        output.Write($"  clusters    {volume.ClusterCount} of {volume.ClusterSize} bytes, {volume.FreeClusters} free{claimed}, {volume.BadClusters} bad, {volume.LostClusters} lost\n");
        foreach (FatEntry entry in volume.Entries)
        {
            string place = entry.FragmentCount > 1 ? $"{entry.FirstCluster}/{entry.FragmentCount}" : $"{entry.FirstCluster}";
            string digest = entry is { IsDirectory: false, Content.Length: > 0 } ? $" sha256:{PrintedText.Digest(entry.Content)}" : "";
            output.Write($"{Letters(entry.Attributes)} {entry.Content.Length,10} {place,8} {PrintedText.Time(entry.ModifiedSeconds)} "
                + $"{PrintedText.Escape(entry.Path)}{(entry.IsDirectory ? "/" : "")} ({PrintedText.Escape(entry.ShortName)}){digest}\n");
        }
    }

    private static string Letters(byte attributes) => string.Create(6, attributes, (letters, bits) =>
    {
        "rhsvda".CopyTo(letters);
        for (int i = 0; i < letters.Length; i++)
        {
            letters[i] = (bits & (1 << i)) != 0 ? letters[i] : '-';
        }
    });
}
