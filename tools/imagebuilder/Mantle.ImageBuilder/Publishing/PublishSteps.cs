using Mantle.ImageBuilder.Aws;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>The calls of a publication, and what exists because of them: what a failure half-way has to say.</summary>
internal sealed class PublishSteps
{
    private readonly List<string> _calls = [];
    private readonly SortedSet<string> _exist = new(StringComparer.Ordinal);
    private int _done;

    /// <summary>Every call in order.</summary>
    public IReadOnlyList<string> Calls => _calls;

    /// <summary>Adds a call that is to be made.</summary>
    public void Plan(string call) => _calls.Add(call);

    /// <summary>The next call was made.</summary>
    public void Complete() => _done++;

    /// <summary>Something exists from now on.</summary>
    public void Made(string what) => _exist.Add(what);

    /// <summary>The error of a step, with what exists and how to go on.</summary>
    public UserErrorException Fail(Exception problem)
    {
        (string message, string? hint, int code) = problem switch
        {
            CloudException e => (e.Message, e.Hint, ExitCode.Remote),
            UserErrorException e => (e.Message, e.Hint, e.Code),
            _ => ("interrupted", null, ExitCode.Interrupted),
        };
        string[] open = [.. _calls.Skip(_done)];
        string exist = _exist.Count == 0 ? "nothing was made" : $"there is: {string.Join(", ", _exist)}";
        string rest = open.Length == 0 ? "" : $"; not done: {string.Join("; ", open)}";
        const string GoOn = "run the same command again, it goes on from there";
        return new($"{message}; {exist}{rest}", hint is null ? GoOn : $"{hint}; then {GoOn}", code, problem);
    }
}
