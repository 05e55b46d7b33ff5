using System.Buffers.Binary;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>The disk grew and a tool moved the table's backup to its new end, as growpart, systemd-repart and sgdisk -e do.</summary>
internal sealed class GrownPartitionTable : Hypothesis
{
    private const int HeaderSize = 92;
    private const int SectorSize = 512;
    private const int LargestGibibytes = 2048;

    public override string Id => "grown-partition-table";

    public override string Name => $"partition table adapted to a disk of 1 to {LargestGibibytes} GiB";

    public override string? Needs(ExplainContext context) => context.Expected.GptEvent is null ? "the disk image" : null;

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        if (context.Expected.GptEvent is not { Length: > HeaderSize } measured || !context.Differs(5))
        {
            yield break;
        }

        for (int size = 1; size <= LargestGibibytes; size++)
        {
            // LastUsableLBA may stay as it is, reach to the backup table, or be rounded down to 1 MiB.
            long sectors = ((long)size << 30) / SectorSize;
            foreach (long? lastUsable in (long?[])[sectors - 34, null, ((sectors - 34) / 2048 * 2048) - 1])
            {
                byte[] grown = Grow(measured, sectors, lastUsable);
                ModelEvent e = ModelEvent.Of(EventType.EfiGptEvent, grown, "grown partition table");
                yield return Make(
                    $"the partition table was adapted to a disk of {size} GiB: its backup header moved to the new end",
                    "do not let the system change its own partition table (no growpart, no systemd-repart), or leave PCR 5 out of the policy",
                    model => model.With(5, events => events.Select(old => old.IsGpt ? e : old)));
            }
        }
    }

    internal static byte[] Grow(byte[] measured, long sectors, long? lastUsable)
    {
        byte[] grown = [.. measured];
        BinaryPrimitives.WriteInt64LittleEndian(grown.AsSpan(32), sectors - 1);
        if (lastUsable is { } last)
        {
            BinaryPrimitives.WriteInt64LittleEndian(grown.AsSpan(48), last);
        }

        grown.AsSpan(16, 4).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(grown.AsSpan(16), Crc32.Of(grown.AsSpan(0, HeaderSize)));
        return grown;
    }
}
