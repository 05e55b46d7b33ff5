using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Documents;

namespace Mantle.Measure.Release;

public sealed partial record ReleaseStatement
{
    internal const string Format = "release statement";

    private const int MaximumSize = 1 << 20;
    private const int MaximumSubjects = 256;

    /// <summary>Reads a payload that <see cref="ToArray"/> has written.</summary>
    /// <exception cref="MalformedInputException">It is no release statement, contradicts itself, or is not in its one encoding.</exception>
    public static ReleaseStatement Read(ReadOnlyMemory<byte> bytes) => CanonicalJson.Read(Format, bytes, MaximumSize, ReadMembers, statement => statement.ToArray());

    private static ReleaseStatement ReadMembers(JsonMembers members)
    {
        members.Constant("_type", StatementType);
        List<ReleaseSubject> subjects = ReadSubjects(members);
        members.Constant("predicateType", PredicateType);
        JsonMembers predicate = members.Object("predicate");
        JsonMembers audit = predicate.Object("audit");
        JsonMembers measurements = predicate.Object("measurements");
        ReleaseStatement statement = new()
        {
            Subjects = subjects,
            Name = predicate.Text("name", Label),
            Version = predicate.Text("version", Label),
            Number = predicate.Number("number"),
            MinimumNumber = predicate.Number("minimumNumber"),
            Epoch = predicate.Time("epoch"),
            Released = predicate.Time("released"),
            Expires = predicate.Time("expires"),
            IsDebugTwin = predicate.Flag("debug"),
            Audit = new(
                audit.Text("verdict", text => text is "sealed" or "findings" or "not-audited" ? null : "sealed, findings or not-audited"),
                audit.Sha256("rulesSha256"),
                audit.Number("waived")),
            WaiversSha256 = predicate.OptionalSha256("waiversSha256"),
            IdentitySha256 = predicate.Sha256("identitySha256"),
            WithoutSecureBoot = MeasurementsMembers.Read(measurements.Object("off")),
            WithSecureBoot = MeasurementsMembers.Read(measurements.Object("on")),
        };
        audit.Finish();
        measurements.Finish();
        predicate.Finish();
        string? problem =
            statement.Number == 0 ? "the version number is 0; numbers start at 1"
            : statement.MinimumNumber > statement.Number ? $"the minimum acceptable number {statement.MinimumNumber} is more than the release's own, {statement.Number}"
            : statement.Expires <= statement.Released ? "it expires before it is released"
            : null;
        return problem is null ? statement : throw predicate.Refuse(problem);
    }

    private static List<ReleaseSubject> ReadSubjects(JsonMembers members)
    {
        List<ReleaseSubject> subjects = [];
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase); // not every file system tells them apart
        foreach (JsonMembers subject in members.Objects("subject", MaximumSubjects))
        {
            string name = subject.Text("name", text => ReleaseFiles.IsName(text) ? null : "the name of a file that a release can have");
            JsonMembers digest = subject.Object("digest");
            subjects.Add(new(name, digest.Sha256("sha256")));
            digest.Finish();
            subject.Finish();
            if (subjects.Count > 1 && string.CompareOrdinal(subjects[^2].Name, name) >= 0)
            {
                throw subject.Refuse($"the subject \"{name}\" stands twice or is not in the order of names");
            }

            if (!names.Add(name))
            {
                throw subject.Refuse($"the subject \"{name}\" differs from another in upper and lower case alone");
            }
        }

        return subjects;
    }

    /// <summary>Names go into tables, file names and tags.</summary>
    internal static string? Label(string text) =>
        text.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(text[0]) && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_' or '+' or '~')
            ? null
            : "1 to 64 letters, digits and . - _ + ~, the first a letter or digit";
}
