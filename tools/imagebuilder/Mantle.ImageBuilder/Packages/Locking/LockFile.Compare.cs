using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages.Locking;

public sealed partial record LockFile
{
    /// <summary>Names what the recipe asks for otherwise than when the lock was written.</summary>
    /// <returns>One phrase a difference, empty when the lock answers the request.</returns>
    public IReadOnlyList<string> DifferencesFrom(ResolutionRequest request)
    {
        LockInputs now = InputsOf(request);
        List<string> differences = [];
        if (now.Architecture != Inputs.Architecture)
        {
            differences.Add($"recipe changes the architecture from \"{Inputs.Architecture}\" to \"{now.Architecture}\"");
        }

        Compare(differences, Inputs.Suites, now.Suites, "suite", "");
        if (differences.Count == 0 && !now.Suites.SequenceEqual(Inputs.Suites))
        {
            differences.Add($"recipe changes the order of suites to {string.Join(", ", now.Suites)}");
        }

        Compare(differences, [.. Inputs.Uses.Select(use => use.Name)], [.. now.Uses.Select(use => use.Name)], "use", "");
        foreach (LockInputUse use in now.Uses)
        {
            LockInputUse? then = Inputs.Uses.FirstOrDefault(known => known.Name == use.Name);
            if (then is not null)
            {
                Compare(differences, then.Roots, use.Roots, $"{use.Name} package", "");
                Compare(differences, then.LeaveOut, use.LeaveOut, "", $" from what {use.Name} leaves out");
            }
        }

        return differences;
    }

    /// <summary>Refuses a lock that does not answer the request.</summary>
    /// <exception cref="UserErrorException">The lock is stale; the message names every difference.</exception>
    public void CheckAgainst(ResolutionRequest request)
    {
        IReadOnlyList<string> differences = DifferencesFrom(request);
        if (differences.Count > 0)
        {
            throw new UserErrorException($"the lock is stale: {string.Join("; ", differences)}", "run \"imagebuilder lock\"", ExitCode.Mismatch);
        }
    }

    private static void Compare(List<string> differences, IReadOnlyList<string> then, IReadOnlyList<string> now, string what, string where)
    {
        string noun = what.Length == 0 ? "" : what + " ";
        string to = where.Replace(" from ", " to ", StringComparison.Ordinal);
        differences.AddRange(now.Except(then).Select(name => $"recipe adds {noun}\"{name}\"{to}"));
        differences.AddRange(then.Except(now).Select(name => $"recipe removes {noun}\"{name}\"{where}"));
    }
}
