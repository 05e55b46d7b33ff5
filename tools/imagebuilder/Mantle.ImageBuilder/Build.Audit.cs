using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.Measure;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Reporting;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder;

/// <content>The verdict on the finished bytes.</content>
public sealed partial class Build
{
    private const string AuditName = "audit.json";
    private const int MostNamedFindings = 3;

    /// <summary>Audits the finished file as anybody would (<c>measure audit</c>). A sealed image must come out sealed, a debug twin must not.</summary>
    internal static Task<string> Audit(Build build, CancellationToken cancellation)
    {
        AuditReport report = Auditor.Audit(
            ByteSource.OpenFile(build.PendingPath(ImageName)),
            new()
            {
                InputName = ImageName,
                Waivers = build._isTwin ? [] : build._recipe.Waivers,
                At = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(build._recipe.Epoch).UtcDateTime),
                Workers = Environment.ProcessorCount,

                // The lock names the package that the kernel is from; to unpack it would take longer than the whole build.
                LooksIntoKernels = false,
            },
            cancellation);
        build.WriteFile(AuditName, file => AuditJson.Write(report, file));
        if (build._isTwin)
        {
            return report.Verdict == AuditVerdict.Findings
                ? Fact(string.Create(CultureInfo.InvariantCulture, $"not sealed, as a debug twin must be: {report.Findings.Count} findings"))
                : throw new UserErrorException("audit: the debug twin has no finding", "a twin without a way in needs no \"debug\" in the recipe", ExitCode.Mismatch);
        }

        if (report.Verdict != AuditVerdict.Sealed)
        {
            throw build.Refuse(report);
        }

        return Fact(string.Create(
            CultureInfo.InvariantCulture, $"sealed: {report.Rules.Rules.Count} rules, {report.Programs} programs, {report.Waived.Count} findings waived"));
    }

    private UserErrorException Refuse(AuditReport report)
    {
        if (report.Findings.Count == 0)
        {
            Gap gap = report.Gaps[0];
            return new($"audit: {PrintedText.Escape(gap.Place)} could not be audited: {gap.Reason}", "leave it out of the image", ExitCode.Unverified);
        }

        string findings = string.Join("; ", report.Findings.Take(MostNamedFindings).Select(
            finding => $"{finding.Rule.Id} {PrintedText.Escape(finding.Place)}{OriginOf(finding)}: {finding.Rule.Title}"));
        return new(
            $"audit: not sealed, {report.Findings.Count} {(report.Findings.Count == 1 ? "finding" : "findings")}: {findings}{(report.Findings.Count > MostNamedFindings ? "; …" : "")}",
            "take them out with \"remove\" in the recipe, or answer for them under \"waivers\" (docs/seal-rules.md)",
            ExitCode.Mismatch);
    }

    /// <summary>The package or recipe line to blame: for a file of the root what brought it, for a word of the command line or a module who asked for it.</summary>
    private string OriginOf(Finding finding)
    {
        const string Root = "root:/";
        string path = finding.Place.StartsWith(Root, StringComparison.Ordinal) ? finding.Place[Root.Length..].Split('!')[0] : "";
        string origin = path.Length > 0 && _tree.TryFind(path, out FileNode? node) ? node.Origin
            : finding.Evidence.Select(evidence => evidence.Word).OfType<string>().FirstOrDefault() is { } word ? PositionIn(_recipe.Kernel.CommandLine, word)
            : PositionIn(_recipe.Kernel.Modules, Path.GetFileName(finding.Place).Split('.')[0]);
        return origin.Length > 0 ? $" ({origin})" : "";
    }

    private static string PositionIn(IReadOnlyList<Located<string>> list, string value) =>
        list.Where(item => item.Value == value).Select(item => item.Position).FirstOrDefault("");
}
