using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Mantle.Fuzz;

/// <summary>
/// A fixed share of a reader's inputs, with a sequence and a corpus of its own: lanes run on any number of cores and still see the same inputs.
/// An input that is refused in a new way, and now and then an accepted one, joins the corpus.
/// </summary>
internal sealed partial class FuzzLane(FuzzReader reader, IReadOnlyList<byte[]> seeds, ulong seed)
{
    private const int LargestCorpus = 256;
    private const int LargestMessage = 400;

    /// <summary>Processor time that an input may take. Far more than any needs, far less than a user would wait.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    private readonly Mutator _mutator = new(seed, reader.Words, reader.MaximumLength);
    private readonly List<byte[]> _corpus = [.. seeds];
    private readonly HashSet<int> _refusals = [];

    public long Inputs { get; private set; }

    public long Accepted { get; private set; }

    public IReadOnlySet<int> Refusals => _refusals;

    public TimeSpan WorstTime { get; private set; }

    public byte[] WorstInput { get; private set; } = [];

    public long WorstMemory { get; private set; }

    public Dictionary<string, byte[]> Failures { get; } = [];

    /// <summary>The seeds themselves, which have to be accepted.</summary>
    public void RunSeeds()
    {
        foreach (byte[] sound in seeds)
        {
            Exception? problem = Try(sound, out _, out _);
            if (problem is not null)
            {
                Failures.TryAdd($"a seed is not accepted: {Describe(problem)}", sound);
            }
        }
    }

    /// <summary>Runs one more input; <paramref name="show"/> sees it before the reader does.</summary>
    public void RunNext(Action<byte[]?> show)
    {
        byte[] input = _mutator.Mutate(_corpus);
        if (reader.Repair is not null && _mutator.Below(2) == 0)
        {
            reader.Repair(input);
        }

        show(input);
        Exception? problem = Try(input, out TimeSpan time, out long memory);
        show(null);
        Inputs++;
        Judge(input, problem, time, memory);
        bool isNew;
        if (problem is null)
        {
            Accepted++;
            isNew = _mutator.Below(256) == 0;
        }
        else
        {
            isNew = _refusals.Add(Shape(problem));
        }

        if (isNew)
        {
            Keep(input);
        }
    }

    private void Judge(byte[] input, Exception? problem, TimeSpan time, long memory)
    {
        // The first inputs pay for compilation.
        if (Inputs > 8)
        {
            (WorstTime, WorstInput) = time > WorstTime ? (time, input) : (WorstTime, WorstInput);
            WorstMemory = Math.Max(memory, WorstMemory);
        }

        string? failure = problem is not null && reader.IsCrash(problem) ? Describe(problem)
            : memory > reader.MemoryLimit ? $"more than {reader.MemoryLimit >> 20} MB of memory"
            : time > TimeLimit ? $"more than {TimeLimit.TotalSeconds} s"
            : null;
        if (failure is not null)
        {
            Failures.TryAdd(failure, input);
        }
    }

    private Exception? Try(byte[] input, out TimeSpan time, out long memory)
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan start = ThreadTime();
        try
        {
            reader.Read(input);
            return null;
        }
        catch (Exception problem)
        {
            return problem;
        }
        finally
        {
            time = ThreadTime() - start;
            memory = GC.GetAllocatedBytesForCurrentThread() - bytes;
        }
    }

    private void Keep(byte[] input)
    {
        if (_corpus.Count < LargestCorpus)
        {
            _corpus.Add(input);
        }
        else
        {
            // Seeds stay.
            _corpus[seeds.Count + _mutator.Below(_corpus.Count - seeds.Count)] = input;
        }
    }

    private static string Describe(Exception problem)
    {
        StackFrame? frame = new StackTrace(problem).GetFrames()
            .FirstOrDefault(f => f.GetMethod()?.DeclaringType?.FullName?.StartsWith("Mantle.", StringComparison.Ordinal) == true);
        string place = frame?.GetMethod() is { } method ? $"{method.DeclaringType!.Name}.{method.Name}" : "?";
        string text = problem.Message.Split('\n')[0];
        return $"{problem.GetType().Name} in {place}: {Masked(text)}";
    }

    private static int Shape(Exception problem)
    {
        HashCode hash = default;
        hash.Add(problem.GetType());
        bool quoted = false;
        foreach (char letter in problem.Message.AsSpan(0, Math.Min(problem.Message.Length, LargestMessage)))
        {
            quoted ^= letter == '"';
            if (!quoted && !char.IsAsciiHexDigit(letter))
            {
                hash.Add(letter);
            }
        }

        return hash.ToHashCode();
    }

    private static string Masked(string text) =>
        string.Concat(text.Take(LargestMessage).Select(letter => char.IsAsciiDigit(letter) ? '#' : char.IsControl(letter) ? '?' : letter)).Replace("##", "#", StringComparison.Ordinal);

    /// <summary>Processor time of this thread: other programs on the machine do not make an input look slow.</summary>
    private static TimeSpan ThreadTime()
    {
        _ = clock_gettime(ThreadProcessorTime, out Time time);
        return new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / 100));
    }

    private const int ThreadProcessorTime = 3; // CLOCK_THREAD_CPUTIME_ID

    private readonly record struct Time(long Seconds, long Nanoseconds);

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out Time time);
}
