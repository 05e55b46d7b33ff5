using System.Buffers.Binary;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Tests.Prediction;

/// <summary>A crypto-agile TCG event log, as far as these tests need one: extends with type and digests, in order.</summary>
internal static class FirmwareLog
{
    private const uint NoAction = 3;

    public sealed record Entry(int Pcr, uint Type, IReadOnlyDictionary<PcrBank, Digest> Digests);

    public static IReadOnlyList<Entry> Read(ReadOnlySpan<byte> log)
    {
        List<Entry> entries = [];
        int at = 32 + (int)UInt32(log, 28);
        while (at < log.Length)
        {
            int pcr = (int)UInt32(log, at);
            uint type = UInt32(log, at + 4);
            int count = (int)UInt32(log, at + 8);
            at += 12;
            Dictionary<PcrBank, Digest> digests = [];
            for (int i = 0; i < count; i++)
            {
                PcrBank bank = (PcrBank)BinaryPrimitives.ReadUInt16LittleEndian(log[at..]);
                digests[bank] = new(log.Slice(at + 2, bank.DigestSize()));
                at += 2 + bank.DigestSize();
            }

            at += 4 + (int)UInt32(log, at);
            if (type != NoAction)
            {
                entries.Add(new(pcr, type, digests));
            }
        }

        return entries;
    }

    private static uint UInt32(ReadOnlySpan<byte> log, int at) => BinaryPrimitives.ReadUInt32LittleEndian(log[at..]);
}
