using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary><c>volume create</c>, killed again and again, against a run that nobody disturbs.</summary>
public sealed class KilledVolumeTests : IDisposable
{
    private const int Kills = 6;
    private const int Segment = 64 << 20;

    private readonly TemporaryFolder _folder = new();

    public KilledVolumeTests()
    {
        // Four segments, the last of them short; a file that is partly a hole, and a few small ones.
        Directory.CreateDirectory(_folder["weights/more"]);
        byte[] content = new byte[10 << 20];
        Random random = new(1);
        using (FileStream large = File.Create(_folder["weights/large"]))
        {
            for (int part = 0; part < 20; part++)
            {
                random.NextBytes(content);
                large.Write(content);
            }
        }

        using (FileStream holes = File.Create(_folder["weights/holes"]))
        {
            holes.SetLength(30 << 20);
            holes.Position = 20_000_001;
            holes.Write(content, 0, 12_345);
        }

        File.WriteAllText(_folder["weights/more/small"], "small\n");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Killed_at_any_moment_it_goes_on_and_ends_in_the_same_bytes()
    {
        Stopwatch clock = Stopwatch.StartNew();
        Assert.Equal(0, Create("whole.img").Resumed);
        TimeSpan whole = clock.Elapsed;
        string expected = Digest("whole.img");
        Random random = new();
        for (int kill = 1; kill <= Kills; kill++)
        {
            using Process process = Start("cut.img");
            if (kill % 2 == 0)
            {
                WaitForSegment(process, kill / 2); // so that there is something to go on with
            }
            else
            {
                Thread.Sleep(random.Next((int)whole.TotalMilliseconds));
            }

            Tool.Send(process, Tool.Kill);
            process.StandardError.ReadToEnd();
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));

            // Whatever has the final name is whole, be it that the signal came behind the last step.
            Assert.True(process.ExitCode is 0 or 128 + Tool.Kill, $"exit code {process.ExitCode}");
            if (File.Exists(_folder["cut.img"]))
            {
                Assert.Equal(expected, Digest("cut.img"));
                File.Delete(_folder["cut.img"]);
            }
            else
            {
                Assert.NotEqual(0, process.ExitCode);
            }
        }

        Create("cut.img");
        Assert.Equal(expected, Digest("cut.img"));
        Assert.Equal([_folder["cut.img"]], Directory.GetFiles(_folder.Root, "cut.img*"));
    }

    [Fact]
    public void What_was_written_before_the_kill_is_not_written_again_unless_it_is_gone()
    {
        KillBehind("cut.img", segments: 2);
        Assert.InRange(Create("cut.img").Resumed, 2 * Segment, long.MaxValue);
        string expected = Digest("cut.img");

        // Somebody tidies up and forgets the journal.
        KillBehind("again.img", segments: 1);
        File.Delete(_folder["again.img.partial"]);
        Assert.Equal(0, Create("again.img").Resumed);
        Assert.Equal(expected, Digest("again.img"));
        Assert.Equal([_folder["again.img"]], Directory.GetFiles(_folder.Root, "again.img*"));
    }

    private void KillBehind(string name, int segments)
    {
        using Process process = Start(name);
        WaitForSegment(process, segments);
        Tool.Send(process, Tool.Kill);
        process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal(128 + Tool.Kill, process.ExitCode);
        Assert.False(File.Exists(_folder[name]));
        Assert.True(File.Exists(_folder[name + ".partial"]));
    }

    /// <summary>A line of progress comes when the journal has the segment.</summary>
    private static void WaitForSegment(Process process, int count)
    {
        while (process.StandardError.ReadLine() is { } line && JsonDocument.Parse(line).RootElement.GetProperty("done").GetInt64() < (long)count * Segment)
        {
        }
    }

    private Process Start(string name) => Tool.Start(_folder.Root, "imagebuilder", "volume", "create", "weights", "--out", name, "--name", "weights", "--json");

    private (long Resumed, string RootHash) Create(string name)
    {
        ToolResult result = Tool.End(Start(name));
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return (json.RootElement.GetProperty("resumed").GetInt64(), json.RootElement.GetProperty("rootHash").GetString()!);
    }

    private string Digest(string name)
    {
        using FileStream file = File.OpenRead(_folder[name]);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
