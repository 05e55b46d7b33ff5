using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Documents;

namespace Mantle.Measure.Release.Ledger;

/// <summary>One line of a ledger: JSON in one encoding, without its newline the leaf of the tree.</summary>
public sealed record LedgerEntry
{
    internal const string Format = "ledger entry";

    private const int MaximumSize = 1 << 16;
    private static readonly string[] s_events = ["released", "retired", "revoked"];

    /// <summary>The line's number from 0.</summary>
    public required long Index { get; init; }

    /// <summary>The root over all entries before, in hexadecimal: the text is chained by itself, before any checkpoint.</summary>
    public required string After { get; init; }

    /// <summary>When, as the writer says; whole seconds, never before the entry before.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What happens.</summary>
    public required LedgerEvent Event { get; init; }

    /// <summary>The appliance.</summary>
    public required string Name { get; init; }

    /// <summary>The release's version number.</summary>
    public required long Number { get; init; }

    /// <summary>Its version for people.</summary>
    public required string Version { get; init; }

    /// <summary>SHA-256 of the release statement, which names every file: which release this is.</summary>
    public required string Statement { get; init; }

    /// <summary>SHA-256 of image.raw. Of releases only.</summary>
    public string? Image { get; init; }

    /// <summary>SHA-256 of the envelope with all signatures. Of releases only.</summary>
    public string? Envelope { get; init; }

    /// <summary>The minimum acceptable number from here on. Of releases only.</summary>
    public long? MinimumNumber { get; init; }

    /// <summary>The registers with Secure Boot off. Of releases only.</summary>
    public ReleaseMeasurements? WithoutSecureBoot { get; init; }

    /// <summary>The registers with Secure Boot on. Of releases only.</summary>
    public ReleaseMeasurements? WithSecureBoot { get; init; }

    /// <summary>Why; of retirements and revocations only.</summary>
    public string? Reason { get; init; }

    /// <summary>The event's word.</summary>
    public string EventName => s_events[(int)Event];

    /// <summary>The entry that logs a release, still without its place in a ledger.</summary>
    public static LedgerEntry Of(VerifiedRelease release, DateTimeOffset time) => new()
    {
        Index = 0,
        After = "",
        Time = time,
        Event = LedgerEvent.Released,
        Name = release.Statement.Name,
        Number = release.Statement.Number,
        Version = release.Statement.Version,
        Statement = release.StatementSha256,
        Image = release.Statement.DigestOf(ReleaseFiles.Image),
        Envelope = release.EnvelopeSha256,
        MinimumNumber = release.Statement.MinimumNumber,
        WithoutSecureBoot = release.Statement.WithoutSecureBoot,
        WithSecureBoot = release.Statement.WithSecureBoot,
    };

    /// <summary>The entry that retires or revokes what another has released, still without its place in a ledger.</summary>
    public static LedgerEntry Withdrawing(LedgerEntry released, LedgerEvent what, string reason, DateTimeOffset time) => new()
    {
        Index = 0,
        After = "",
        Time = time,
        Event = what,
        Name = released.Name,
        Number = released.Number,
        Version = released.Version,
        Statement = released.Statement,
        Reason = reason,
    };

    /// <summary>The line without its newline.</summary>
    public byte[] ToArray() => CanonicalJson.WriteLine(json =>
    {
        json.WriteNumber("index", Index);
        json.WriteString("after", After);
        json.WriteString("time", UtcTime.Text(Time));
        json.WriteString("event", EventName);
        json.WriteString("name", Name);
        json.WriteNumber("number", Number);
        json.WriteString("version", Version);
        json.WriteString("statement", Statement);
        if (Event == LedgerEvent.Released)
        {
            json.WriteString("image", Image);
            json.WriteString("envelope", Envelope);
            json.WriteNumber("minimumNumber", MinimumNumber!.Value);
            json.WriteStartObject("measurements");
            MeasurementsMembers.Write(json, "off", WithoutSecureBoot!);
            MeasurementsMembers.Write(json, "on", WithSecureBoot!);
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("reason", Reason);
        }
    });

    /// <summary>Reads a line without its newline.</summary>
    /// <exception cref="MalformedInputException">It is no entry, or not in its one encoding.</exception>
    public static LedgerEntry Read(ReadOnlyMemory<byte> line) => CanonicalJson.Read(Format, line, MaximumSize, ReadMembers, entry => entry.ToArray());

    private static LedgerEntry ReadMembers(JsonMembers members)
    {
        LedgerEvent what = (LedgerEvent)Array.IndexOf(s_events, members.Text("event", text => s_events.Contains(text) ? null : string.Join(", ", s_events)));
        LedgerEntry entry = new()
        {
            Index = members.Number("index"),
            After = members.Sha256("after"),
            Time = members.Time("time"),
            Event = what,
            Name = members.Text("name", ReleaseStatement.Label),
            Number = members.Number("number"),
            Version = members.Text("version", ReleaseStatement.Label),
            Statement = members.Sha256("statement"),
        };
        if (what != LedgerEvent.Released)
        {
            return entry with { Reason = members.Text("reason", text => IsReason(text) ? null : "10 to 500 characters on one line") };
        }

        JsonMembers measurements = members.Object("measurements");
        entry = entry with
        {
            Image = members.Sha256("image"),
            Envelope = members.Sha256("envelope"),
            MinimumNumber = members.Number("minimumNumber"),
            WithoutSecureBoot = MeasurementsMembers.Read(measurements.Object("off")),
            WithSecureBoot = MeasurementsMembers.Read(measurements.Object("on")),
        };
        measurements.Finish();
        return entry;
    }

    /// <summary>Whether a text can be a reason.</summary>
    public static bool IsReason(string text) => text.Length is >= 10 and <= 500 && text == PrintedText.Escape(text) && Encoding.UTF8.GetByteCount(text) < MaximumSize / 2;
}
