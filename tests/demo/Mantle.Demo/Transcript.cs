using System.Diagnostics;

namespace Mantle.Demo;

/// <summary>What the demonstration tells, for a person to read.</summary>
/// <param name="writer">Where it goes.</param>
internal sealed class Transcript(TextWriter writer)
{
    private const int LongestAnswer = 14;
    private readonly Lock _lock = new();
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>A new chapter.</summary>
    public void Chapter(string title) => Write($"\n== {title}  [{Stopwatch.GetElapsedTime(_start).TotalSeconds:f0} s]");

    /// <summary>A sentence.</summary>
    public void Say(string text) => Write(text);

    /// <summary>A command as a person would type it, and what it answered.</summary>
    public void Command(string line, string answer)
    {
        Write($"$ {line}");
        string[] lines = answer.TrimEnd().Split('\n');
        foreach (string each in lines.Take(LongestAnswer))
        {
            Write($"  {each}");
        }

        if (lines.Length > LongestAnswer)
        {
            Write($"  … {lines.Length - LongestAnswer} more lines");
        }
    }

    private void Write(string line)
    {
        lock (_lock)
        {
            writer.WriteLine(line);
            writer.Flush();
        }
    }
}
