using System.Diagnostics;
using Mantle.ImageBuilder;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary>A build that is ended from outside in each of its steps, and builds that meet each other.</summary>
public class InterruptedBuildTests
{
    // Large enough that the steps that read everything take a while, so that signals hit them.
    private const int Payload = 24 << 20;

    public static TheoryData<string, int> Ends =>
    [
        .. from step in BuildPlan.Steps.Select(step => step.Name).Prepend("") from signal in (int[])[Tool.Interrupt, Tool.Kill] select (step, signal),
        ("tree", Tool.Terminate),
    ];

    [Theory]
    [MemberData(nameof(Ends))]
    public void A_signal_after_any_step_leaves_the_previous_output_and_a_usable_cache(string step, int signal)
    {
        using TemporaryFolder folder = new();
        TinyAppliance.Write(folder.Root);
        Assert.Equal(0, Tool.Run(folder.Root, "imagebuilder", TinyAppliance.Build(folder.Root)).ExitCode);
        string previous = TinyAppliance.Digest(folder["out"]);
        TinyAppliance.Write(folder.Root, payload: Payload);

        using Process process = Tool.Start(folder.Root, "imagebuilder", TinyAppliance.Build(folder.Root));
        string error = ReadUntil(process, step);
        Tool.Send(process, signal);
        error += process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)));

        // The last step's line may be followed by the end before the signal comes.
        bool finished = process.ExitCode == 0;
        Assert.Equal(finished ? 0 : signal == Tool.Kill ? 128 + Tool.Kill : step.Length == 0 && process.ExitCode == 128 + signal ? 128 + signal : 130, process.ExitCode);
        if (!finished)
        {
            Assert.Equal(previous, TinyAppliance.Digest(folder["out"]));
        }

        if (process.ExitCode == 130 && error.Length > 0)
        {
            Assert.Contains("imagebuilder: error: interrupted; nothing was changed\n", error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }

        if (signal != Tool.Kill && step.Length > 0)
        {
            TinyAppliance.AssertNoLeftovers(folder.Root);
        }

        string following = Digest(folder);
        Directory.Delete(folder["out"], recursive: true);
        Directory.Delete(folder["home"], recursive: true);
        Assert.Equal(Digest(folder), following);
        Assert.NotEqual(previous, following);
    }

    [Fact]
    public void Builds_at_once_into_one_cache_and_one_output_all_succeed_with_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        TinyAppliance.Write(folder.Root);
        Process[] builds = [.. Enumerable.Range(0, 6).Select(number => Tool.Start(
            folder.Root, "imagebuilder", TinyAppliance.Build(folder.Root, "--output", number % 2 == 0 ? "out" : "other", "--json")))];
        ToolResult[] results = [.. builds.Select(Tool.End)];

        Assert.All(results, result => Assert.True(result.ExitCode == 0, result.Error));
        Assert.Equal(TinyAppliance.Digest(folder["out"]), TinyAppliance.Digest(folder["other"]));
        TinyAppliance.AssertNoLeftovers(folder.Root);
        Assert.Equal(TinyAppliance.Digest(folder["out"]), Digest(folder));
    }

    private static string Digest(TemporaryFolder folder)
    {
        Assert.Equal(0, Tool.Run(folder.Root, "imagebuilder", TinyAppliance.Build(folder.Root)).ExitCode);
        TinyAppliance.AssertNoLeftovers(folder.Root);
        return TinyAppliance.Digest(folder["out"]);
    }

    private static string ReadUntil(Process process, string step)
    {
        string read = "";
        while (step.Length > 0 && process.StandardError.ReadLine() is { } line)
        {
            read += line + "\n";
            if (line.StartsWith(step + " ", StringComparison.Ordinal))
            {
                break;
            }
        }

        return read;
    }
}
