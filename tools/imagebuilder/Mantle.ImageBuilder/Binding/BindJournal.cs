using Mantle.ImageBuilder.Aws;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Binding;

/// <summary>What is in place and what is not, so that a failure half-way can say so.</summary>
internal sealed class BindJournal
{
    private readonly List<string> _planned = [];
    private readonly List<string> _done = [];

    /// <summary>What was done.</summary>
    public IReadOnlyList<string> Done => _done;

    /// <summary>What is to be done.</summary>
    public IReadOnlyList<string> Planned => _planned;

    /// <summary>Adds a step.</summary>
    public void Plan(string step) => _planned.Add(step);

    /// <summary>The next step is done.</summary>
    public void Complete()
    {
        _done.Add(_planned[0]);
        _planned.RemoveAt(0);
    }

    /// <summary>The error of a step, with what is in place, what is not, and how to go on.</summary>
    /// <param name="problem">What went wrong.</param>
    /// <param name="isUncertain">Whether the step may have been done.</param>
    public UserErrorException Fail(KeyServiceException problem, bool isUncertain) =>
        Fail(problem.ToUserError(), isUncertain);

    /// <summary>The same for an error of ours.</summary>
    public UserErrorException Fail(UserErrorException problem, bool isUncertain)
    {
        string place = _done.Count == 0 ? "nothing was changed" : $"in place: {string.Join("; ", _done)}";
        string open = _planned.Count == 0 ? "" : $"; {(isUncertain ? "it is not known whether this is in place" : "not in place")}: {string.Join("; ", _planned)}";
        string hint = problem.Hint is { } known ? $"{known}; then run the same command again, it goes on from there" : "run the same command again, it goes on from there";
        return new($"{problem.Message}; {place}{open}", hint, problem.Code, problem);
    }
}
