using System.Text.Json.Nodes;

namespace Mantle.Unseal.Tests;

/// <summary>Something that goes wrong, and what the program makes of it.</summary>
internal sealed record ChaosCase
{
    /// <summary>The code with which it ends; 0: it ends well.</summary>
    public required byte Stage { get; init; }

    public Setup Setup { get; init; } = new();

    public Action<TestAppliance> Arrange { get; init; } = _ => { };

    public Action<TestAppliance, Outcome> Check { get; init; } = (_, _) => { };

    /// <summary>Only the small file: each item costs a key pair.</summary>
    public static JsonObject OneFile(JsonObject configuration)
    {
        configuration["unseal"]!["files"]!.AsArray().RemoveAt(1);
        configuration["unseal"]!["volumes"]!.AsArray().RemoveAt(0);
        return configuration;
    }

    public async Task RunAsync()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync(Setup with { Configuration = configuration => Setup.Configuration(OneFile(configuration)) });
        appliance.Blobs.Clear();
        Arrange(appliance);
        Outcome outcome = await appliance.RunAsync();
        if (Stage == 0)
        {
            Assert.True(outcome.IsDone, $"stage {outcome.LastStage:x2}");
            Assert.Equal(0, outcome.ExitCode);
            Assert.Single(outcome.WholeFiles);
        }
        else
        {
            Assert.Equal($"{Stage:x2}", $"{outcome.LastStage:x2}");
            Assert.Equal(1, outcome.ExitCode);
            Assert.False(outcome.IsDone);
            Assert.Empty(outcome.Files);
            Assert.Empty(outcome.Keys);
        }

        Check(appliance, outcome);
    }
}
