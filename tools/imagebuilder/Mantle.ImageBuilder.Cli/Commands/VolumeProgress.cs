using System.Diagnostics;
using System.Globalization;
using Mantle.Cli;
using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>How far a volume is: a bar on a terminal, lines of JSON for programs, nothing for a log.</summary>
/// <param name="error">Standard error.</param>
/// <param name="isJson">Whether a program reads it.</param>
internal sealed class VolumeProgress(TextWriter error, bool isJson)
{
    private const int Cells = 30;
    private readonly ProgressLine _line = new(error, !isJson && !Console.IsErrorRedirected);
    private readonly long _start = Stopwatch.GetTimestamp();
    private int _lastPercent = -1;

    public void Report(long done, long total)
    {
        int percent = (int)(done * 100 / total);
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        if (isJson)
        {
            if (percent != _lastPercent)
            {
                error.WriteLine(string.Create(CultureInfo.InvariantCulture, $$"""{"event":"progress","done":{{done}},"total":{{total}}}"""));
            }
        }
        else
        {
            string bar = new string('#', percent * Cells / 100).PadRight(Cells, '.');
            double left = done == 0 ? 0 : seconds * (total - done) / done;
            _line.Show(string.Create(
                CultureInfo.InvariantCulture,
                $"[{bar}] {percent,3} %  {PrintedText.Megabytes(done)} of {PrintedText.Megabytes(total)}, {done / 1e6 / Math.Max(seconds, 0.001):F0} MB/s, {left:F0} s left"));
        }

        _lastPercent = percent;
    }

    public void End() => _line.Show("");
}
