using Mantle.Cli;
using Mantle.ImageBuilder.Packages;

namespace Mantle.ImageBuilder.Cli;

/// <summary>A build's progress on standard error: passing states on a terminal, a line for each step everywhere.</summary>
internal sealed class ConsoleProgress : IBuildProgress, IDisposable
{
    private readonly ProgressLine _line;

    public ConsoleProgress(TextWriter error)
    {
        _line = new ProgressLine(error, !Console.IsErrorRedirected);
        Fetching = new FetchLines(_line);
    }

    public IProgress<FetchProgress> Fetching { get; }

    public void Done(string name, string fact, TimeSpan elapsed) => _line.Write($"{name,-10} {elapsed.TotalMilliseconds,6:F0} ms  {fact}");

    public void Dispose() => _line.Show("");

    // Not Progress<T>: its reports would come late and out of order.
    private sealed class FetchLines(ProgressLine line) : IProgress<FetchProgress>
    {
        public void Report(FetchProgress value)
        {
        }
    }
}
