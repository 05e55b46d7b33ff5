using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Mantle.Fuzz;

/// <summary>Attacks one reader on all cores.</summary>
/// <param name="reader">The reader.</param>
/// <param name="seed">Start of all sequences.</param>
/// <param name="workers">Threads.</param>
internal sealed class FuzzRun(FuzzReader reader, ulong seed, int workers)
{
    private const int Lanes = 64;

    // That of a thread of the pool, on which much of the tools runs. An input that nests deeply shows here.
    private const int StackSize = 1536 << 10;
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(60);

    /// <summary>Runs a number of inputs, or as many as fit into a time.</summary>
    /// <param name="inputs">How many.</param>
    /// <param name="limit">When to stop early.</param>
    /// <param name="record">Where each worker leaves the input that it is at, for when the process itself dies.</param>
    public FuzzResult Run(long inputs, TimeSpan limit, FuzzRecord? record = null)
    {
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<byte[]> seeds = reader.Seeds();
        FuzzLane[] lanes = [.. Enumerable.Range(0, Lanes).Select(number => new FuzzLane(reader, seeds, Start(number)))];
        lanes[0].RunSeeds();
        long each = (inputs + Lanes - 1) / Lanes;
        int next = -1;
        Worker[] running = [.. Enumerable.Range(0, workers).Select(number => new Worker(number))];
        foreach (Worker worker in running)
        {
            worker.Thread = new Thread(
                () =>
                {
                    for (int lane; (lane = Interlocked.Increment(ref next)) < Lanes;)
                    {
                        for (long i = 0; i < each && (i % 64 != 0 || Stopwatch.GetElapsedTime(start) < limit); i++)
                        {
                            lanes[lane].RunNext(worker.Show(record));
                        }
                    }
                },
                StackSize) { IsBackground = true };
            worker.Thread.Start();
        }

        byte[]? hanging = Wait(running);
        Dictionary<string, byte[]> failures = [];
        foreach ((string text, byte[] input) in lanes.SelectMany(lane => lane.Failures.ToArray()))
        {
            failures.TryAdd(text, input);
        }

        if (hanging is not null)
        {
            failures.TryAdd($"no end within {s_hang.TotalSeconds} s", hanging);
        }

        return new()
        {
            Name = reader.Name,
            Inputs = lanes.Sum(lane => lane.Inputs),
            Accepted = lanes.Sum(lane => lane.Accepted),
            Refusals = lanes.SelectMany(lane => lane.Refusals.ToArray()).Distinct().Count(),
            Elapsed = Stopwatch.GetElapsedTime(start),
            WorstTime = lanes.Max(lane => lane.WorstTime),
            WorstInput = lanes.MaxBy(lane => lane.WorstTime)!.WorstInput,
            WorstMemory = lanes.Max(lane => lane.WorstMemory),
            Failures = failures,
        };
    }

    private ulong Start(int lane) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed} {reader.Name} {lane}")));

    /// <summary>Null: all have ended. Else the input that one of them does not get done with; its thread is left behind.</summary>
    private static byte[]? Wait(Worker[] workers)
    {
        foreach (Worker worker in workers)
        {
            while (!worker.Thread!.Join(TimeSpan.FromMilliseconds(200)))
            {
                foreach (Worker other in workers)
                {
                    if (other.HangsSince(s_hang) is { } input)
                    {
                        return input;
                    }
                }
            }
        }

        return null;
    }

    private sealed class Worker(int number)
    {
        private volatile byte[]? _input;
        private long _since;

        public Thread? Thread { get; set; }

        public Action<byte[]?> Show(FuzzRecord? record) => _show ??= input =>
        {
            Volatile.Write(ref _since, Stopwatch.GetTimestamp());
            _input = input;
            record?.Write(number, input ?? []);
        };

        private Action<byte[]?>? _show;

        public byte[]? HangsSince(TimeSpan limit) => _input is { } input && Stopwatch.GetElapsedTime(Volatile.Read(ref _since)) > limit ? input : null;
    }
}
