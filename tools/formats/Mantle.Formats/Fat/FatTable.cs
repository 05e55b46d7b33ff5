using System.Buffers.Binary;
using System.Numerics;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Fat;

/// <summary>
/// The allocation table of a volume: follows chains, and remembers which clusters it has met, so that a loop or a cluster of two files is found.
/// </summary>
internal sealed class FatTable(ByteSource volume, FatGeometry geometry)
{
    private const uint EndOfChain = 0x0FFFFFF8;
    private const uint Bad = 0x0FFFFFF7;
    private const int WindowLength = 4096;

    private readonly ulong[] _met = new ulong[(geometry.EndCluster / 64) + 1];
    private readonly byte[] _window = new byte[WindowLength + sizeof(uint)];
    private long _windowStart = -1;

    /// <summary>A run of clusters, one behind another.</summary>
    public readonly record struct Run(uint First, uint Count);

    /// <summary>Requires that all copies of the table are the same.</summary>
    public void CheckCopies()
    {
        long length = geometry.TableSectors * geometry.SectorSize;
        byte[] first = new byte[(int)Math.Min(length, 1 << 16)];
        byte[] other = new byte[first.Length];
        for (int table = 1; table < geometry.TableCount; table++)
        {
            for (long offset = 0; offset < length; offset += first.Length)
            {
                int count = (int)Math.Min(first.Length, length - offset);
                volume.ReadExactly(geometry.TableOffset(0) + offset, first.AsSpan(0, count));
                volume.ReadExactly(geometry.TableOffset(table) + offset, other.AsSpan(0, count));
                int same = first.AsSpan(0, count).CommonPrefixLength(other.AsSpan(0, count));
                if (same < count)
                {
                    throw Malformed(geometry.TableOffset(table) + offset + same, $"allocation table {table + 1} differs from the first");
                }
            }
        }
    }

    /// <summary>The clusters of a chain as runs, at most <paramref name="maximum"/> of them.</summary>
    public List<Run> Follow(uint first, long maximum, long entryOffset)
    {
        List<Run> runs = [];
        long count = 0;
        uint cluster = first;
        do
        {
            if (cluster < FatFormat.FirstCluster || cluster >= geometry.EndCluster)
            {
                throw Malformed(entryOffset, cluster == Bad ? "a chain runs into a bad cluster" : $"a chain runs into cluster {cluster} of {geometry.ClusterCount}");
            }

            if (++count > maximum)
            {
                throw Malformed(entryOffset, $"a chain has more than the {maximum} clusters that the size asks for");
            }

            ref ulong met = ref _met[cluster / 64];
            ulong bit = 1UL << (int)(cluster % 64);
            if ((met & bit) != 0)
            {
                throw Malformed(entryOffset, $"cluster {cluster} belongs to two files or twice to one");
            }

            met |= bit;
            if (runs.Count > 0 && runs[^1].First + runs[^1].Count == cluster)
            {
                runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            }
            else
            {
                runs.Add(new(cluster, 1));
            }

            cluster = Next(cluster);
        }
        while (cluster < EndOfChain);

        return runs;
    }

    /// <summary>Counts what the table says of all clusters, when every chain has been followed.</summary>
    public (long Free, long Bad, long Lost) Count()
    {
        long free = 0;
        long bad = 0;
        for (uint cluster = FatFormat.FirstCluster; cluster < geometry.EndCluster; cluster++)
        {
            uint next = Next(cluster);
            free += next == 0 ? 1 : 0;
            bad += next == Bad ? 1 : 0;
        }

        long met = 0;
        foreach (ulong bits in _met)
        {
            met += BitOperations.PopCount(bits);
        }

        return (free, bad, geometry.ClusterCount - free - bad - met);
    }

    /// <summary>The entry of a cluster, widened to the 28 bits of FAT32.</summary>
    private uint Next(uint cluster)
    {
        long offset = (long)cluster * (int)geometry.Kind / 8;
        long windowStart = offset & -WindowLength;
        if (windowStart != _windowStart)
        {
            _windowStart = windowStart;
            int length = (int)Math.Min(_window.Length, (geometry.TableSectors * geometry.SectorSize) - windowStart);
            volume.ReadExactly(geometry.TableOffset(0) + windowStart, _window.AsSpan(0, length));
        }

        ReadOnlySpan<byte> entry = _window.AsSpan((int)(offset - windowStart));
        switch (geometry.Kind)
        {
            case FatKind.Fat32:
                return BinaryPrimitives.ReadUInt32LittleEndian(entry) & 0x0FFFFFFF;
            case FatKind.Fat16:
                uint value = BinaryPrimitives.ReadUInt16LittleEndian(entry);
                return value >= 0xFFF7 ? value | 0x0FFF0000 : value;
            default:
                uint pair = BinaryPrimitives.ReadUInt16LittleEndian(entry);
                uint twelve = cluster % 2 == 0 ? pair & 0xFFF : pair >> 4;
                return twelve >= 0xFF7 ? twelve | 0x0FFFF000 : twelve;
        }
    }

    private static MalformedInputException Malformed(long offset, string problem) => new(FatFormat.Name, offset, problem);
}
