namespace Mantle.Hostile;

/// <summary>What became of an attempt.</summary>
/// <param name="Succeeded">Whether it did what it wanted: a hole.</param>
/// <param name="Answer">What it got, or what the refusal was: the name of an error number as a rule.</param>
internal readonly record struct Outcome(bool Succeeded, string Answer)
{
    public static Outcome Success(string answer) => new(true, answer);

    public static Outcome Refused(string answer) => new(false, answer);

    /// <summary>A system call's: minus an error number is a refusal.</summary>
    public static Outcome Of(nint result) => result < 0 ? Refused(Errno.NameOf((int)-result)) : Success($"{result}");

    /// <summary>A search's: finding nothing is the refusal.</summary>
    public static Outcome Of(IEnumerable<string> found) => found.Take(5).ToArray() is { Length: > 0 } some ? Success(string.Join(' ', some)) : Refused("nothing found");

    public override string ToString() => Succeeded ? $"SUCCEEDED {Answer}" : $"refused {Answer}";
}

/// <summary>One thing that is tried.</summary>
/// <param name="Target">What it is after.</param>
/// <param name="Name">What it does, unique.</param>
/// <param name="Run">Tries it.</param>
internal sealed record Attempt(string Target, string Name, Func<Outcome> Run)
{
    public static Attempt Call(string target, string name, Func<nint> call) => new(target, name, () => Outcome.Of(call()));
}
