using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tcg;

/// <summary>
/// Reads the JSON encoding of the TCG Canonical Event Log (CEL 1.0, section 5): an array of records, an object with such an array as <c>events</c>,
/// or the records one behind the other (a JSON text sequence, RFC 7464, or a record a line).
/// </summary>
public static class CanonicalEventLogReader
{
    internal const string Format = "canonical event log";

    private const int MaximumRecords = 1 << 16;
    private const byte RecordSeparator = 0x1e;

    /// <summary>Whether the bytes begin as such a log does; an event log of firmware never begins so.</summary>
    public static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> text = bytes.TrimStart(" \t\r\n\u001e"u8);
        return !text.IsEmpty && text[0] is (byte)'[' or (byte)'{';
    }

    /// <summary>Reads a log. Its records have no offsets: <see cref="EventRecord.Offset"/> is where the record's text begins, or the array's.</summary>
    /// <exception cref="MalformedInputException">The bytes are no such log, or it is larger than <see cref="EventLog.MaximumLength"/>.</exception>
    public static EventLog Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > EventLog.MaximumLength)
        {
            throw new MalformedInputException(Format, EventLog.MaximumLength, $"{bytes.Length} bytes are more than the largest log");
        }

        List<CanonicalRecord> records = [];
        byte[] text = bytes.ToArray();
        text.AsSpan().Replace(RecordSeparator, (byte)' ');
        Utf8JsonReader reader = new(text, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = 16 });
        try
        {
            while (true)
            {
                long start = reader.BytesConsumed;
                if (!reader.Read())
                {
                    break;
                }

                using JsonDocument document = JsonDocument.ParseValue(ref reader);
                Add(records, document.RootElement, start);
            }
        }
        catch (JsonException e)
        {
            throw new MalformedInputException(Format, reader.BytesConsumed, $"no JSON, line {(e.LineNumber ?? 0) + 1}");
        }
        catch (InvalidOperationException)
        {
            throw new MalformedInputException(Format, reader.BytesConsumed, "a text has a character that UTF-8 does not");
        }

        return Make(records, bytes.Length);
    }

    private static void Add(List<CanonicalRecord> records, JsonElement value, long offset)
    {
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("events", out JsonElement events) && !value.TryGetProperty("digests", out _))
        {
            value = events;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            records.Add(CanonicalRecord.Read(value, offset));
        }
        else
        {
            foreach (JsonElement record in value.EnumerateArray())
            {
                records.Add(CanonicalRecord.Read(record, offset));
            }
        }

        if (records.Count > MaximumRecords)
        {
            throw new MalformedInputException(Format, offset, $"more than {MaximumRecords} records");
        }
    }

    /// <summary>As in a crypto-agile log, every record that extends has a digest for every bank: one left out could hide an extend.</summary>
    private static EventLog Make(List<CanonicalRecord> records, int length)
    {
        TpmAlgorithm[] banks = [.. records.SelectMany(record => record.Digests).Select(digest => digest.Algorithm).Distinct()];
        if (banks.Length == 0)
        {
            throw new MalformedInputException(Format, 0, "no record with a digest");
        }

        List<EventRecord> events = [];
        ulong? number = null;
        foreach (CanonicalRecord record in records)
        {
            if (record.Number is { } own)
            {
                if (number is { } earlier && own <= earlier)
                {
                    throw new MalformedInputException(Format, record.Offset, $"record {own} comes after record {earlier}");
                }

                number = own;
            }

            if (record.Type != EventType.NoAction && record.Digests.Count != banks.Length)
            {
                throw new MalformedInputException(Format, record.Offset, $"record {events.Count} has {record.Digests.Count} digests but the log has {banks.Length} banks");
            }

            events.Add(new(events.Count, record.Offset, record.Register, record.Type, [.. record.Digests], record.Data));
        }

        return EventLog.FromRecords(banks, events, length);
    }
}
