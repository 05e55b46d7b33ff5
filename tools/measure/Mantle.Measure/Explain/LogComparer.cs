using System.Buffers.Binary;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain;

/// <summary>Finds, PCR by PCR, the first event of a log that is not the expected one.</summary>
internal static class LogComparer
{
    private const int GptHeaderSize = 92;

    public static IReadOnlyList<LogDifference> Compare(ExpectedBoot expected, LogReplay log)
    {
        List<LogDifference> differences = [];
        foreach (PredictedPcr pcr in expected.Prediction.Pcrs.Where(pcr => pcr.Basis == PcrBasis.Image))
        {
            ExplainedEvent[] actual = [.. log.Events.Where(e => e.Record.IsExtended && e.Record.Register == (uint)pcr.Index)];
            if (Compare(expected, pcr, actual) is { } difference)
            {
                differences.Add(difference);
            }
        }

        // In the order of the log: what came first may be the cause of what follows.
        return [.. differences.OrderBy(difference => difference.Actual?.Record.Index ?? int.MaxValue)];
    }

    private static LogDifference? Compare(ExpectedBoot expected, PredictedPcr pcr, ExplainedEvent[] actual)
    {
        int at = 0;
        while (at < actual.Length && at < pcr.Events.Count && IsSame(pcr.Events[at], actual[at].Record))
        {
            at++;
        }

        PredictedEvent? wanted = at < pcr.Events.Count ? pcr.Events[at] : null;
        ExplainedEvent? found = at < actual.Length ? actual[at] : null;
        if (wanted is null && found is null)
        {
            return null;
        }

        // The next event is the wanted one: something came between. The wanted one's successor is the found one: something is missing.
        LogDifferenceKind kind =
            wanted is null || actual.Skip(at + 1).Any(later => IsSame(wanted, later.Record)) ? LogDifferenceKind.Extra
            : found is null || pcr.Events.Skip(at + 1).Any(later => IsSame(later, found.Record)) || found.Record.UntrustedType != wanted.EventType ? LogDifferenceKind.Missing
            : LogDifferenceKind.Changed;
        return new(
            pcr.Index,
            kind,
            at,
            kind == LogDifferenceKind.Missing && found is null ? null : found,
            kind == LogDifferenceKind.Extra ? null : $"{wanted!.EventType.SpecificationName()}: {wanted.Description}",
            kind == LogDifferenceKind.Extra ? null : $"{MeasurementsMapping.NameOf(wanted!.Source.Kind)} {wanted.Source.Name}",
            kind == LogDifferenceKind.Changed ? Details(expected, found!) : []);
    }

    private static bool IsSame(PredictedEvent wanted, EventRecord record)
    {
        bool any = false;
        foreach (TpmDigest digest in record.Digests)
        {
            if (wanted.Digests.TryGetValue(digest.Algorithm, out TpmDigest other))
            {
                any = true;
                if (other != digest)
                {
                    return false;
                }
            }
        }

        return any;
    }

    private static List<string> Details(ExpectedBoot expected, ExplainedEvent found)
    {
        List<string> details = [];
        switch (found.Record.UntrustedType)
        {
            case EventType.EfiGptEvent when expected.GptEvent is { Length: >= GptHeaderSize } wanted && found.Record.UntrustedData.Length >= GptHeaderSize:
                CompareGpt(details, wanted, found.Record.UntrustedData.Span);
                break;
            case EventType.EfiVariableDriverConfig when UefiVariableData.TryRead(found.Record.UntrustedData, out UefiVariableData? variable):
                details.Add($"variable {variable.Name} has {variable.Content.Length} bytes: {Convert.ToHexStringLower(variable.Content.Span[..Math.Min(variable.Content.Length, 32)])}");
                break;
        }

        return details;
    }

    private static void CompareGpt(List<string> details, byte[] wanted, ReadOnlySpan<byte> found)
    {
        void Number(string name, int at, ReadOnlySpan<byte> actual)
        {
            long a = BinaryPrimitives.ReadInt64LittleEndian(wanted.AsSpan(at));
            long b = BinaryPrimitives.ReadInt64LittleEndian(actual[at..]);
            if (a != b)
            {
                details.Add($"{name} is {b}, expected {a}");
            }
        }

        Number("sector of the backup header", 32, found);
        Number("first usable sector", 40, found);
        Number("last usable sector", 48, found);
        Guid disk = new(found.Slice(56, 16));
        if (disk != new Guid(wanted.AsSpan(56, 16)))
        {
            details.Add($"disk {disk}, expected {new Guid(wanted.AsSpan(56, 16))}");
        }

        if (!wanted.AsSpan(GptHeaderSize).SequenceEqual(found[GptHeaderSize..]))
        {
            details.Add("the partition entries differ");
        }
    }
}
