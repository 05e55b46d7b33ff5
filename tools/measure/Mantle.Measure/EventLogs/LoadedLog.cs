using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.EventLogs;

/// <summary>How a log was written.</summary>
public enum LogEncoding
{
    /// <summary>TCG_PCR_EVENT records with SHA-1 only.</summary>
    Sha1,

    /// <summary>TCG_PCR_EVENT2 records behind a Spec ID record.</summary>
    CryptoAgile,

    /// <summary>The JSON encoding of the TCG Canonical Event Log.</summary>
    CanonicalJson,
}

/// <summary>
/// A log as it was found in a file: the sound records, and what is to be said of the file around them. Linux
/// (<c>binary_bios_measurements</c>), Windows (<c>Tbsi_Get_TCG_Log</c> and the files below <c>Logs\MeasuredBoot</c>) and copies of the firmware's
/// memory all hold the same records.
/// </summary>
public sealed record LoadedLog
{
    /// <summary>Register and type, which tell an erased rest from a record.</summary>
    private const int RecordHead = 8;

    private static readonly byte[] s_byteOrderMark = [0xef, 0xbb, 0xbf];

    /// <summary>The records that could be read.</summary>
    public required EventLog Log { get; init; }

    /// <summary>How it was written.</summary>
    public required LogEncoding Encoding { get; init; }

    /// <summary>What was found about the file itself, not about its events.</summary>
    public required IReadOnlyList<LogFinding> Findings { get; init; }

    /// <summary>Whether bytes begin as a log of one of the encodings does, so that they are no list of values.</summary>
    public static bool LooksLikeLog(ReadOnlySpan<byte> bytes)
    {
        if (CanonicalEventLogReader.IsJson(bytes))
        {
            return bytes.IndexOf("content_type"u8) >= 0;
        }

        // The first record is of PCR 0 to 7, of a known type, and has a NUL in these numbers.
        return bytes.Length >= 32 && bytes[..8].Contains((byte)0);
    }

    /// <summary>Reads a log.</summary>
    /// <exception cref="MalformedInputException">Not even its first record can be read.</exception>
    public static LoadedLog Read(ByteSource source)
    {
        if (source.Length > EventLog.MaximumLength)
        {
            throw new MalformedInputException("event log", EventLog.MaximumLength, $"{source.Length} bytes are more than the largest log, {EventLog.MaximumLength} bytes");
        }

        byte[] bytes = source.ToArray();
        ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith(s_byteOrderMark) ? bytes.AsSpan(s_byteOrderMark.Length) : bytes;
        if (CanonicalEventLogReader.IsJson(text))
        {
            return new() { Log = CanonicalEventLogReader.Read(text.ToArray()), Encoding = LogEncoding.CanonicalJson, Findings = [] };
        }

        EventLog log = EventLog.ReadPrefix(bytes, out MalformedInputException? end);
        List<LogFinding> findings = [];
        if (end is not null)
        {
            bool isCut = end.Problem.EndsWith(" are left", StringComparison.Ordinal);
            findings.Add(new(isCut ? LogDefect.Truncated : LogDefect.DamagedRecord, log.Events.Count, end.Message));
        }
        else if (bytes.Length - log.Length is > 0 and < RecordHead)
        {
            findings.Add(new(LogDefect.Truncated, log.Events.Count, $"{bytes.Length - log.Length} bytes at offset 0x{log.Length:x} are too few for a record"));
        }
        else if (log.Length < bytes.Length)
        {
            findings.Add(Padding(bytes.AsSpan(log.Length), log));
        }

        return new() { Log = log, Encoding = log.SpecId is null ? LogEncoding.Sha1 : LogEncoding.CryptoAgile, Findings = findings };
    }

    private static LogFinding Padding(ReadOnlySpan<byte> rest, EventLog log)
    {
        byte fill = rest[0];
        int other = rest.IndexOfAnyExcept(fill);
        return other >= 0
            ? new(LogDefect.BytesAfterPadding, null, $"byte 0x{rest[other]:x2} at offset 0x{log.Length + other:x}, {other} bytes behind the last record")
            : new(fill == 0 ? LogDefect.PaddedZeros : LogDefect.PaddedOnes, null, $"{rest.Length} bytes from offset 0x{log.Length:x} on");
    }
}
