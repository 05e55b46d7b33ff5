using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Proof;

/// <summary>What a request can show, by kind.</summary>
public enum AttestationKind
{
    /// <summary>No attestation document.</summary>
    Absent,

    /// <summary>A known release.</summary>
    Release,

    /// <summary>A known release but for one PCR.</summary>
    OneWrong,

    /// <summary>PCRs of one release and PCRs of another.</summary>
    Mixed,

    /// <summary>A debug twin or another image that must never get the key.</summary>
    Never,

    /// <summary>All zero, as an enclave or a machine in debug mode shows.</summary>
    Zero,
}

/// <summary>One kind of attestation document.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Pcrs">Its PCRs, or null for no document.</param>
public sealed record AttestationCase(AttestationKind Kind, AttestedPcrs? Pcrs)
{
    private static readonly string s_wrong = new('a', AttestedPcrs.HexLength);

    /// <summary>Every meaningful document for a set of releases.</summary>
    public static IReadOnlyList<AttestationCase> Enumerate(IReadOnlyList<AttestedPcrs> releases, IReadOnlyList<AttestedPcrs> never)
    {
        List<AttestationCase> cases = [new(AttestationKind.Absent, null)];
        cases.AddRange(releases.Select(release => new AttestationCase(AttestationKind.Release, release)));
        HashSet<string> known = [.. releases.Concat(never).Select(Identity)];
        void Add(AttestationKind kind, AttestedPcrs pcrs)
        {
            if (known.Add(Identity(pcrs)))
            {
                cases.Add(new(kind, pcrs));
            }
        }

        foreach (AttestedPcrs release in releases)
        {
            foreach (int pcr in AttestedPcrs.Bound)
            {
                Add(AttestationKind.OneWrong, release.With(pcr, s_wrong, $"{release.Name} with a wrong PCR {pcr}"));
                if (pcr is 4 or 7)
                {
                    Add(AttestationKind.OneWrong, release.With(pcr, AttestedPcrs.Zero, $"{release.Name} with a zero PCR {pcr}"));
                }

                // Documents have all registers; that nothing rests on it is cheap to show.
                Add(AttestationKind.OneWrong, new() { Name = $"{release.Name} without PCR {pcr}", Values = release.Values.Where(pair => pair.Key != pcr).ToDictionary() });
            }
        }

        foreach (AttestedPcrs one in releases.Concat(never))
        {
            foreach (AttestedPcrs other in releases.Concat(never))
            {
                if (!ReferenceEquals(one, other))
                {
                    foreach (int pcr in AttestedPcrs.Bound)
                    {
                        Add(AttestationKind.Mixed, one.With(pcr, other[pcr], $"{one.Name} with the PCR {pcr} of {other.Name}"));
                    }
                }
            }
        }

        cases.AddRange(never.Select(twin => new AttestationCase(AttestationKind.Never, twin)));
        AttestedPcrs zero = new() { Name = "all zero", Values = AttestedPcrs.Bound.ToDictionary(pcr => pcr, _ => AttestedPcrs.Zero) };
        Add(AttestationKind.Zero, zero);
        return cases;
    }

    private static string Identity(AttestedPcrs pcrs) => string.Concat(AttestedPcrs.Bound.Select(pcr => pcrs.Values.GetValueOrDefault(pcr, "-")));
}
