using System.Globalization;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.KeyPolicy.Proof;

/// <summary>A matrix for people: what is allowed line by line, the rest counted.</summary>
public static class MatrixText
{
    /// <summary>Writes one table for the principals that may do the same; actions that behave alike share a line.</summary>
    public static void Write(PolicyMatrix matrix, TextWriter output)
    {
        AttestationCase[] cases = [.. matrix.Cells.Select(cell => cell.Point.Attestation).DistinctBy(one => (one.Kind, one.Pcrs?.Name))];
        (string Title, Func<AttestationCase, bool> Includes)[] columns =
        [
            ("unattested", one => one.Kind == AttestationKind.Absent),
            .. cases.Where(one => one.Kind == AttestationKind.Release).Select(one => (one.Pcrs!.Name, (Func<AttestationCase, bool>)(other => other.Kind == AttestationKind.Release && other.Pcrs!.Name == one.Pcrs.Name))),
            ("one PCR wrong", one => one.Kind == AttestationKind.OneWrong),
            ("mixed", one => one.Kind == AttestationKind.Mixed),
            ("never", one => one.Kind is AttestationKind.Never),
            ("zero", one => one.Kind == AttestationKind.Zero),
        ];
        columns = [.. columns.Where(column => cases.Any(column.Includes))];
        output.WriteLine("A allowed   . not allowed   x denied explicitly   ! allowed to some only");
        foreach (IGrouping<string, MatrixCell> surroundings in matrix.Cells.GroupBy(cell => Surroundings(cell.Point), StringComparer.Ordinal))
        {
            output.WriteLine();
            output.WriteLine(surroundings.Key);
            if (!surroundings.Any(cell => cell.Verdict.IsAllowed))
            {
                output.WriteLine("  nobody is allowed anything");
                continue;
            }

            foreach (var alike in surroundings.GroupBy(cell => cell.Point.Request.Principal.ToString(), StringComparer.Ordinal)
                .Select(principal => (Who: principal.Key, Rows: Rows(principal)))
                .GroupBy(principal => string.Join('\n', principal.Rows), StringComparer.Ordinal))
            {
                foreach ((string who, _) in alike)
                {
                    output.WriteLine($"  {who}");
                }

                foreach (string row in alike.First().Rows)
                {
                    output.WriteLine($"    {row}");
                }
            }
        }

        int allowed = matrix.Cells.Count(cell => cell.Verdict.IsAllowed);
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{matrix.Cells.Count} requests: {allowed} allowed, {matrix.Cells.Count - allowed} not"));

        // Actions that behave alike share a row.
        List<string> Rows(IEnumerable<MatrixCell> principal) =>
        [
            .. principal.GroupBy(cell => cell.Point.Request.Action, StringComparer.Ordinal)
                .Select(action => (
                    Action: action.Key[(action.Key.IndexOf(':', StringComparison.Ordinal) + 1)..],
                    Marks: string.Join("  ", columns.Select(column => Mark(column.Title, [.. action.Where(cell => column.Includes(cell.Point.Attestation))])))))
                .GroupBy(row => row.Marks, StringComparer.Ordinal)
                .Select(row => $"{row.Key}  {string.Join(' ', row.Select(one => one.Action))}"),
        ];
    }

    private static string Surroundings(SpacePoint point) =>
        $"{(point.Context.Label.Length == 0 ? "conditions met" : point.Context.Label)}{(point.Request.Time is { } time ? $", at {UtcTime.Text(time)}" : ", no time")}";

    private static string Mark(string title, MatrixCell[] cells)
    {
        string mark = cells.Length == 0 ? " "
            : cells.All(cell => cell.Verdict.IsAllowed) ? "A"
            : cells.Any(cell => cell.Verdict.IsAllowed) ? "!"
            : cells.All(cell => cell.Verdict.Denies) ? "x" : ".";
        return $"{title} {mark}";
    }
}
