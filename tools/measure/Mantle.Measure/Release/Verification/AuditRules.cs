using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Reporting;
using Mantle.Measure.Checking;
using Mantle.Measure.Verification;

namespace Mantle.Measure.Release.Verification;

/// <summary>The audit, made anew with the rules that this program carries and the release's own waivers, as of the day of the release.</summary>
internal static class AuditRules
{
    private const int LargestFile = 16 << 20;

    public static void Check(CheckReport report, ReleaseInputs inputs)
    {
        IReadOnlyList<Waiver>? waivers = CheckWaivers(report, inputs);
        if (waivers is null || inputs.Image is not { } image)
        {
            report.Missing("audit", "without image and waivers there is nothing to audit");
            return;
        }

        AuditReport audit = Auditor.Audit(image, OptionsFor(inputs.Statement.Released, waivers, inputs.Workers, inputs.SpoolFolder));
        string verdict = Name(audit.Verdict);
        ReleaseAudit stated = inputs.Statement.Audit;
        bool sameRules = stated.RulesSha256 == audit.Rules.Digest;
        string? problem =
            audit.Verdict != AuditVerdict.Sealed ? $"{AuditText.Summary(audit)}{Worst(audit)}"
            : stated.Verdict != verdict ? $"the image is {verdict}, the statement says {stated.Verdict}"
            : sameRules && stated.Waived != audit.Waived.Count ? $"{audit.Waived.Count} findings are waived, the statement says {stated.Waived}"
            : sameRules && !IsRecorded(audit, inputs.Directory.Find(ReleaseFiles.Audit)) ? "audit.json is not the report that the image gives"
            : null;
        report.Check("audit", problem, $"made anew from the image: {verdict}, {audit.Waived.Count} findings waived, rules {audit.Rules.Digest[..16]}");
        if (!sameRules)
        {
            report.Note($"the release was audited by rules {stated.RulesSha256[..16]}, this program has {audit.Rules.Digest[..16]}: its own verdict counts, audit.json is not compared");
        }
    }

    /// <summary>How a release is audited: everybody who does it so writes the same audit.json.</summary>
    internal static AuditOptions OptionsFor(DateTimeOffset released, IReadOnlyList<Waiver> waivers, int workers, string? spoolFolder) => new()
    {
        InputName = ReleaseFiles.Image,
        Waivers = waivers,
        At = DateOnly.FromDateTime(released.UtcDateTime),
        Workers = workers,
        SpoolFolder = spoolFolder,
    };

    internal static string Name(AuditVerdict verdict) => verdict switch
    {
        AuditVerdict.Sealed => "sealed",
        AuditVerdict.Findings => "findings",
        _ => "not-audited",
    };

    private static IReadOnlyList<Waiver>? CheckWaivers(CheckReport report, ReleaseInputs inputs)
    {
        ByteSource? file = inputs.Directory.Find(ReleaseFiles.Waivers);
        string? digest = file is null ? null : PrintedText.Digest(file);
        if (digest != inputs.Statement.WaiversSha256)
        {
            report.Check("waivers", false, file is null ? "the waivers that the statement names are not there" : $"waivers.yaml has SHA-256 {digest}, the statement has {inputs.Statement.WaiversSha256 ?? "none"}");
            return null;
        }

        IReadOnlyList<Waiver>? waivers = file is null ? [] : null;
        if (waivers is null && !ImageVerifier.Guard(report, "waivers", () => waivers = Read(file!)))
        {
            return null;
        }

        Waiver? other = inputs.Policy is not { } policy ? null : waivers!.FirstOrDefault(waiver => !policy.Waivers.Any(accepted => accepted.Rule == waiver.Rule && (accepted.Path is null || accepted.Path == waiver.Path)));
        report.Check("waivers", other is null ? null : $"the policy does not accept the waiver of {PrintedText.Escape(other.Rule)} for \"{PrintedText.Escape(other.Path)}\"", waivers!.Count == 0 ? "none" : inputs.Policy is null ? $"{waivers.Count}" : $"{waivers.Count}, each of which the policy accepts");
        return waivers;
    }

    private static IReadOnlyList<Waiver> Read(ByteSource file)
    {
        try
        {
            return file.Length <= LargestFile
                ? WaiverReader.Parse(ReleaseFiles.Waivers, new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file.ToArray()))
                : throw new MalformedInputException("waivers", 0, $"{file.Length} bytes are more than such a file can have");
        }
        catch (DecoderFallbackException)
        {
            throw new MalformedInputException("waivers", 0, "not UTF-8");
        }
    }

    private static bool IsRecorded(AuditReport audit, ByteSource? file)
    {
        using MemoryStream expected = new();
        AuditJson.Write(audit, expected);
        return file is not null && file.Length == expected.Length && file.ToArray().AsSpan().SequenceEqual(expected.GetBuffer().AsSpan(0, (int)expected.Length));
    }

    private static string Worst(AuditReport audit) => audit.Findings.Count > 0
        ? $", {audit.Findings[0].Rule.Id} at {PrintedText.Escape(audit.Findings[0].Place)}"
        : $", {PrintedText.Escape(audit.Gaps[0].Place)}: {PrintedText.Escape(audit.Gaps[0].Reason)}";
}
