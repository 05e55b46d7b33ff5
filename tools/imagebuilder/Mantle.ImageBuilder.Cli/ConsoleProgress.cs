using System.Collections.Concurrent;
using Mantle.Cli;
using Mantle.Formats.Bytes;
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
        private readonly ConcurrentDictionary<string, FetchProgress> _latest = new(StringComparer.Ordinal);

        public void Report(FetchProgress value)
        {
            _latest[value.Package.Sha256] = value;
            if (value.State == FetchState.Fetched)
            {
                line.Write($"{"fetched",-10} {value.Package.Name} {value.Package.Version}, {PrintedText.Megabytes(value.Total)}");
            }
            else if (value.State == FetchState.Retrying)
            {
                line.Write($"{"retrying",-10} {value.Package.Name} {value.Package.Version}");
            }

            long done = 0;
            long total = 0;
            foreach (FetchProgress one in _latest.Values)
            {
                done += one.Done;
                total += one.Total;
            }

            line.Show($"{"packages",-10} {PrintedText.Megabytes(done)} of {PrintedText.Megabytes(total)}");
        }
    }
}
