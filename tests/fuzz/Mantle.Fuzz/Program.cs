using System.Globalization;
using System.Security.Cryptography;

namespace Mantle.Fuzz;

internal static class Program
{
    private const string Usage = """
        Attacks every reader with mutations of sound inputs; anything but success or the reader's own refusal is a failure.

          build/fuzz                       one million inputs a reader
          build/fuzz --inputs 10000        fewer
          build/fuzz --only erofs,gpt      some readers
          build/fuzz --seed 7              other inputs; the same seed gives the same
          build/fuzz --seconds 60          at most so long with each reader
          build/fuzz --crashes DIR         where failing inputs are kept (default: artifacts/fuzz)
          build/fuzz --replay erofs FILE   one input
          build/fuzz --list                the readers
        """;

    private static int Main(string[] arguments)
    {
        long inputs = 1_000_000;
        ulong seed = 1;
        double seconds = double.MaxValue / 1e12;
        string crashes = Path.Combine("artifacts", "fuzz");
        IReadOnlyList<FuzzReader> readers = Registry.All;
        for (int i = 0; i < arguments.Length; i++)
        {
            string Value() => i + 1 < arguments.Length ? arguments[++i] : throw new ArgumentException($"{arguments[i]} needs a value");
            switch (arguments[i])
            {
                case "--inputs":
                    inputs = long.Parse(Value(), CultureInfo.InvariantCulture);
                    break;
                case "--seed":
                    seed = ulong.Parse(Value(), CultureInfo.InvariantCulture);
                    break;
                case "--seconds":
                    seconds = double.Parse(Value(), CultureInfo.InvariantCulture);
                    break;
                case "--crashes":
                    crashes = Value();
                    break;
                case "--only":
                    string[] names = Value().Split(',');
                    readers = [.. names.Select(name => Registry.Find(name))];
                    break;
                case "--replay":
                    FuzzReader reader = Registry.Find(Value());
                    reader.Read(File.ReadAllBytes(Value()));
                    Console.WriteLine("accepted");
                    return 0;
                case "--list":
                    Console.WriteLine(string.Join('\n', Registry.All.Select(r => r.Name)));
                    return 0;
                default:
                    Console.WriteLine(Usage);
                    return arguments[i] is "--help" or "-h" ? 0 : 1;
            }
        }

        return Run(readers, inputs, seed, TimeSpan.FromSeconds(Math.Min(seconds, 1e9)), crashes);
    }

    private static int Run(IReadOnlyList<FuzzReader> readers, long inputs, ulong seed, TimeSpan limit, string crashes)
    {
        int workers = Environment.ProcessorCount;
        int failures = 0;
        Console.WriteLine($"seed {seed}, {workers} workers, at most {FuzzLane.TimeLimit.TotalSeconds} s of processor time and 64 MB an input");
        Console.WriteLine($"{"reader",-16} {"inputs",10} {"accepted",10} {"refused",10} {"ways",5} {"seconds",8} {"worst time",11} {"worst memory",13}");
        foreach (FuzzReader reader in readers)
        {
            FuzzResult result;
            using (FuzzRecord record = new(crashes, FileName(reader), workers))
            {
                result = new FuzzRun(reader, seed, workers).Run(inputs, limit, record);
            }

            Console.WriteLine(
                $"{result.Name,-16} {result.Inputs,10} {result.Accepted,10} {result.Inputs - result.Accepted,10} {result.Refusals,5} {result.Elapsed.TotalSeconds,8:F1} "
                + $"{result.WorstTime.TotalMilliseconds,8:F1} ms {result.WorstMemory / 1e6,10:F2} MB");
            File.WriteAllBytes(Path.Combine(crashes, $"{FileName(reader)}-slowest.bin"), result.WorstInput);
            foreach ((string text, byte[] input) in result.Failures)
            {
                string path = Path.Combine(crashes, $"{FileName(reader)}-{Convert.ToHexStringLower(SHA256.HashData(input))[..12]}.bin");
                File.WriteAllBytes(path, input);
                Console.WriteLine($"  FAILED {text}\n         {path}");
                failures++;
            }
        }

        Console.WriteLine(failures == 0 ? "no failures" : $"{failures} failures");
        return failures == 0 ? 0 : 2;
    }

    private static string FileName(FuzzReader reader) => reader.Name.Replace(' ', '-');
}
