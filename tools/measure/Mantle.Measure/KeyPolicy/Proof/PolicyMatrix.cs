using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Proof;

/// <summary>What becomes of one request: whether something allows it, and whether something denies it whatever allows it.</summary>
/// <param name="Allows">Something allows it.</param>
/// <param name="Denies">Something denies it explicitly.</param>
public readonly record struct Verdict(bool Allows, bool Denies)
{
    /// <summary>Allowed in the end.</summary>
    public bool IsAllowed => Allows && !Denies;

    /// <summary>A word for a table.</summary>
    public string Word => IsAllowed ? "allowed" : Allows ? "denied, though allowed" : Denies ? "denied explicitly" : "denied";
}

/// <summary>A request and its verdict.</summary>
/// <param name="Point">The request.</param>
/// <param name="Verdict">The verdict.</param>
public sealed record MatrixCell(SpacePoint Point, Verdict Verdict);

/// <summary>Where a policy does something else than it should.</summary>
/// <param name="Point">The request.</param>
/// <param name="Expected">What should become of it.</param>
/// <param name="Actual">What does.</param>
/// <param name="Because">The simulator's reason.</param>
public sealed record MatrixDifference(SpacePoint Point, Verdict Expected, Verdict Actual, string Because)
{
    /// <summary>Whether the policy gives something that it should not; otherwise it withholds, or lacks a net.</summary>
    public bool IsLeak => (Actual.IsAllowed && !Expected.IsAllowed) || (Actual.Allows && !Expected.Allows) || (Expected.Denies && !Actual.Denies);

    /// <inheritdoc/>
    public override string ToString() => $"{Point.Request}: {Actual.Word}, should be {Expected.Word} ({Because})";
}

/// <summary>The verdict on every request of a space.</summary>
/// <param name="Cells">In the space's order.</param>
public sealed record PolicyMatrix(IReadOnlyList<MatrixCell> Cells)
{
    /// <summary>Asks the simulator about every request.</summary>
    public static PolicyMatrix Of(PolicySet policies, RequestSpace space)
    {
        MatrixCell[] cells = new MatrixCell[space.Points.Count];
        Parallel.For(0, cells.Length, i =>
        {
            Decision decision = KeyPolicySimulator.Evaluate(policies, space.Points[i].Request);
            cells[i] = new(space.Points[i], new(decision.AllowedBy is not null, decision.DeniedBy is not null));
        });
        return new(cells);
    }

    /// <summary>Where the policies differ from what is intended, in the space's order.</summary>
    public static IReadOnlyList<MatrixDifference> Compare(PolicySet policies, RequestSpace space, Func<SpacePoint, Verdict> intended)
    {
        PolicyMatrix matrix = Of(policies, space);
        List<MatrixDifference> differences = [];
        foreach (MatrixCell cell in matrix.Cells)
        {
            Verdict expected = intended(cell.Point);
            if (expected != cell.Verdict)
            {
                differences.Add(new(cell.Point, expected, cell.Verdict, KeyPolicySimulator.Evaluate(policies, cell.Point.Request).Reason));
            }
        }

        return differences;
    }
}
