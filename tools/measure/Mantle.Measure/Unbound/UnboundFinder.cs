using Mantle.Formats.Bytes;

namespace Mantle.Measure.Unbound;

/// <summary>Judges every change of the table under a policy, and proves what can be proved on an image.</summary>
public static class UnboundFinder
{
    /// <summary>The default binding: boot files, Secure Boot state, and no extras.</summary>
    public static IReadOnlyList<int> DefaultBound { get; } = [4, 7, 12, 13];

    /// <summary>Judges.</summary>
    /// <param name="bound">The PCRs that the policy binds.</param>
    /// <param name="secureBoot">Whether the machines have Secure Boot on; it matters only as long as PCR 7 is bound.</param>
    /// <param name="image">A disk image to make the changes to, or a UKI to look into; null for the table alone.</param>
    /// <exception cref="UserErrorException">The image cannot be predicted.</exception>
    public static UnboundReport Find(IReadOnlyList<int> bound, bool secureBoot, ByteSource? image = null)
    {
        SystemFacts facts = image is null ? new(null, null, null) : SystemFacts.Of(image, "image");
        ImageTrials? trials = image is not null && IsDisk(image) ? ImageTrials.Prepare(image) : null;

        // A policy that does not bind PCR 7 cannot rely on Secure Boot: whoever holds the account switches it off.
        bool isEnforced = secureBoot && bound.Contains(7);
        List<JudgedChange> changes = [];
        List<string> contradictions = [];
        foreach (AttackerChange change in AttackerChanges.For(isEnforced))
        {
            ChangeTrial? trial = trials?.Try(change.Id);
            if (trial is { Moved: { } moved })
            {
                // Only PCRs that are predicted can be compared; the table may say less than what moves, never more.
                int[] missing = [.. change.Moves.Intersect(trials!.Pcrs).Except(moved)];
                bool isUnseen = change.Moves.Count == 0 && moved.Count > 0;
                if (missing.Length > 0 || isUnseen)
                {
                    contradictions.Add($"{change.Id}: the table says PCR {string.Join(", ", change.Moves)}, the image PCR {string.Join(", ", moved)}");
                }
            }

            if (trial?.Remark?.Contains("NOT", StringComparison.Ordinal) == true)
            {
                contradictions.Add($"{change.Id}: {trial.Remark}");
            }

            changes.Add(new(change, change.Moves.Intersect(bound).Any(), facts.Resolve(change), trial));
        }

        return new() { Bound = [.. bound.Order()], SecureBoot = isEnforced, Changes = changes, Contradictions = contradictions };
    }

    private static bool IsDisk(ByteSource image) => image.Length > 1024 && image.ReadBytes(512, 8, "image").AsSpan().SequenceEqual("EFI PART"u8);
}
