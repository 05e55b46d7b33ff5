namespace Mantle.Fuzz.Tests;

/// <summary>A short attack on every reader; the long one is <c>make fuzz</c>.</summary>
public class ReaderTests
{
    private const int Inputs = 2_000;
    private const ulong Seed = 20_261_123;

    public static TheoryData<string> Names => [.. Registry.All.Select(reader => reader.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_reader_accepts_or_refuses_and_nothing_else(string name)
    {
        FuzzReader reader = Registry.Find(name);
        FuzzResult result = new FuzzRun(reader, Seed, Environment.ProcessorCount).Run(Inputs, TimeSpan.MaxValue);
        Assert.True(result.Failures.Count == 0, string.Join('\n', result.Failures.Keys));
        Assert.True(result.Inputs >= Inputs);

        // An attack that is turned away at the door, or never, shows nothing.
        Assert.True(result.Accepted > 0, "no mutation was accepted");
        Assert.True(result.Refusals > (reader.RefusesAlike ? 0 : 1) || result.Accepted == result.Inputs, "all refusals are alike");
    }

    [Fact]
    public void The_engine_notices_what_it_looks_for()
    {
        static FuzzReader Reader(Action<byte[]> read) => new("guinea pig", () => [[1, 2, 3, 4]], read);
        static string Failure(FuzzReader reader) => Assert.Single(new FuzzRun(reader, Seed, 2).Run(640, TimeSpan.MaxValue).Failures).Key;

        Assert.StartsWith("OverflowException", Failure(Reader(bytes => _ = bytes.Length == 5 ? throw new OverflowException() : 0)), StringComparison.Ordinal);
        Assert.StartsWith("more than 64 MB", Failure(Reader(bytes => _ = bytes.Length == 5 ? new byte[65 << 20] : [])), StringComparison.Ordinal);
        Assert.StartsWith("a seed is not accepted", Failure(Reader(_ => throw new Mantle.Formats.Bytes.MalformedInputException("pig", 0, "no"))), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_gives_the_same_inputs_on_any_number_of_cores()
    {
        FuzzReader reader = Registry.Find("ar");
        FuzzResult one = new FuzzRun(reader, Seed, 1).Run(Inputs, TimeSpan.MaxValue);
        FuzzResult three = new FuzzRun(reader, Seed, 3).Run(Inputs, TimeSpan.MaxValue);
        Assert.Equal((one.Accepted, one.Refusals), (three.Accepted, three.Refusals));
    }
}
