using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mantle.Cli.Tests;
using Mantle.Emulator.Ec2.Ebs;
using Mantle.Emulator.Ec2.Images;
using Mantle.Measure;
using Mantle.Measure.Tests;
using Mantle.Testing;

namespace Mantle.Publish.Tests.Executable;

/// <summary>The executable itself, with nothing but the environment to find EC2 and EBS by.</summary>
public sealed class ExecutableTests(SignedRelease release) : IClassFixture<SignedRelease>
{
    private const int Kills = 10;

    [Fact]
    public async Task An_upload_that_is_killed_ten_times_sends_no_finished_block_again_and_ends_as_the_release()
    {
        await using PublishCloud cloud = await PublishCloud.StartAsync();
        File.Delete(release.PathOf("release/ami.json"));
        string journal = release.PathOf($"release.upload.{PublishCloud.Region}");
        cloud.Faults.Add(new() { Operation = "PutSnapshotBlock", Delay = TimeSpan.FromMilliseconds(15), Times = int.MaxValue });
        Random random = new();
        Dictionary<int, int> finished = [];
        int blocks = File.ReadAllBytes(release.PathOf("release/image.raw")).Chunk(524_288).Count(block => block.AsSpan().ContainsAnyExcept((byte)0));
        for (int kill = 1; kill <= Kills; kill++)
        {
            using Process process = Start(cloud, Publish("--parallel", "2"));
            int before = cloud.Count("PutSnapshotBlock");
            int wait = random.Next(0, Math.Max(1, (blocks - before) / (Kills + 1 - kill)));
            while (!process.HasExited && cloud.Count("PutSnapshotBlock") < before + wait)
            {
                await Task.Delay(1);
            }

            await Task.Delay(random.Next(20));
            Tool.Send(process, Tool.Kill);
            Assert.Equal(128 + Tool.Kill, Tool.End(process).ExitCode);
            await Task.Delay(100);
            foreach (int block in Journaled(journal))
            {
                finished.TryAdd(block, Assert.Single(cloud.Service.Snapshots).Puts[block]);
            }
        }

        ToolResult result = Tool.End(Start(cloud, Publish("--parallel", "8", "--json")));
        Assert.True(result.ExitCode == ExitCode.Success, result.Error);
        EmulatedSnapshot snapshot = Assert.Single(cloud.Service.Snapshots);
        Assert.Equal(blocks, snapshot.Blocks.Count);
        Assert.NotEmpty(finished);
        Assert.All(finished, block => Assert.Equal(block.Value, snapshot.Puts[block.Key]));
        byte[] image = await File.ReadAllBytesAsync(release.PathOf("release/image.raw"));
        byte[] stored = await File.ReadAllBytesAsync(snapshot.Path);
        int common = Math.Min(image.Length, stored.Length);
        Assert.True(image.AsSpan(0, common).SequenceEqual(stored.AsSpan(0, common)));
        Assert.False(image.AsSpan(common).ContainsAnyExcept((byte)0));
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal(blocks - finished.Count, json.RootElement.GetProperty("upload").GetProperty("sentBlocks").GetInt32());
        Assert.Contains("{\"event\":\"upload\"", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(journal));

        // The same command proves it, lists it, and finds an added volume.
        EmulatedImage ami = Assert.Single(cloud.Service.Images);
        result = Tool.End(Start(cloud, "ami", "verify", "--against", "release", "--policy", "policy.yaml"));
        Assert.True(result.ExitCode == ExitCode.Success, result.Output + result.Error);
        Assert.Contains("this AMI is tiny 1.0.0, number 3, release ", result.Output, StringComparison.Ordinal);
        result = Tool.End(Start(cloud, "ami", "list", "--region", PublishCloud.Region));
        Assert.Contains(ami.Id, result.Output, StringComparison.Ordinal);
        result = Tool.End(Start(cloud, "ami", "verify", ami.Id, "--region", PublishCloud.Region, "--save", "saved.json"));
        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Equal(WithoutPackages(release.PathOf("release/measurements-secure-boot.json")), WithoutPackages(release.PathOf("saved.json")));
        ami.Devices.Add(new("/dev/sdb", null, 8, "gp3", true));
        result = Tool.End(Start(cloud, "ami", "verify", ami.Id, "--against", "release", "--policy", "policy.yaml", "--sample", "3"));
        Assert.Equal(ExitCode.Mismatch, result.ExitCode);
        Assert.Contains("there is a volume /dev/sdb besides", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_is_published_listed_retired_and_deleted()
    {
        await using PublishCloud cloud = await PublishCloud.StartAsync();
        File.Delete(release.PathOf("release/ami.json"));
        File.Delete(release.PathOf("ledger.jsonl"));
        File.Delete(release.PathOf("ledger.jsonl.checkpoint"));
        Oracle.Succeed("openssl", "genpkey", "-algorithm", "ed25519", "-out", release.PathOf("ledger.key"));
        string[] signs = ["--time", SignedRelease.Day(0), "--key", "ledger.key"];
        Succeed(cloud, ["ledger", "append", "ledger.jsonl", "--release", "release", "--policy", "policy.yaml", "--origin", "ledger.example.com/tiny", .. signs]);
        const string Regions = $"{PublishCloud.Region},{PublishCloud.SecondRegion}";
        AssertDescribed("publication", Succeed(cloud, Publish("--copy-to", PublishCloud.SecondRegion, "--share-with", "444455556666", "--json")));
        AssertDescribed("publication", Succeed(cloud, Publish("--copy-to", PublishCloud.SecondRegion, "--json")));
        PublishedSchema.AssertDescribed("ami.schema.json", JsonNode.Parse(await File.ReadAllBytesAsync(release.PathOf("release/ami.json")))!.AsObject(), isWhole: true);
        AssertDescribed("ami-verification", Succeed(cloud, "ami", "verify", "--against", "release", "--policy", "policy.yaml", "--json"));
        JsonObject list = AssertDescribed("ami-list", Succeed(cloud, "ami", "list", "--region", Regions, "--ledger", "ledger.jsonl", "--json"));
        Assert.All(list["images"]!.AsArray(), image => Assert.Equal("released", (string?)image!["ledger"]));
        Assert.Equal(2, list["snapshots"]!.AsArray().Count);

        string template = Succeed(cloud, LaunchTemplate(PublishCloud.SecondRegion));
        Assert.Contains($"ImageId: {(string?)list["images"]!.AsArray().Single(image => (string?)image!["region"] == PublishCloud.SecondRegion)!["id"]}\n", template, StringComparison.Ordinal);

        // What is released stays.
        string said = Succeed(cloud, "ami", "gc", "--region", Regions, "--ledger", "ledger.jsonl", "--yes");
        Assert.DoesNotContain("done", said, StringComparison.Ordinal);
        Assert.Equal(2, cloud.Service.Images.Count);

        said = Succeed(cloud, ["ami", "retire", "3", "--region", Regions, "--ledger", "ledger.jsonl", "--reason", "replaced for a test", "--yes", .. signs]);
        Assert.Contains("number 3, retired", said, StringComparison.Ordinal);
        Assert.All(cloud.Service.Images, image =>
        {
            Assert.Empty(image.LaunchPermissions);
            Assert.NotNull(image.Deprecated);
        });
        list = AssertDescribed("ami-list", Succeed(cloud, "ami", "list", "--region", Regions, "--ledger", "ledger.jsonl", "--json"));
        Assert.All(list["images"]!.AsArray(), image => Assert.Equal("retired", (string?)image!["ledger"]));

        said = Succeed(cloud, "ami", "gc", "--region", Regions, "--ledger", "ledger.jsonl", "--dry-run");
        Assert.Equal(4, said.Split('\n').Count(line => line.StartsWith("to do", StringComparison.Ordinal)));
        Assert.Equal(2, cloud.Service.Images.Count);
        ToolResult unanswered = Tool.End(Start(cloud, "ami", "gc", "--region", Regions, "--ledger", "ledger.jsonl"));
        Assert.NotEqual(ExitCode.Success, unanswered.ExitCode);
        Assert.Equal(2, cloud.Service.Images.Count);
        Succeed(cloud, "ami", "gc", "--region", Regions, "--ledger", "ledger.jsonl", "--yes");
        Assert.Empty(cloud.Service.Images);
        Assert.Empty(cloud.Service.Snapshots);
    }

    [Fact]
    public async Task A_launch_template_takes_the_ami_of_the_keys_region_from_a_verified_release()
    {
        await using PublishCloud cloud = await PublishCloud.StartAsync();
        File.Delete(release.PathOf("release/ami.json"));
        ToolResult result = Tool.End(Start(cloud, LaunchTemplate(PublishCloud.Region)));
        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Contains($"tiny 1.0.0 is not published in {PublishCloud.Region}, the key's region", result.Error, StringComparison.Ordinal);

        Succeed(cloud, Publish());
        EmulatedImage ami = Assert.Single(cloud.Service.Images);
        foreach ((string format, string line) in new[] { ("cloudformation", $"ImageId: {ami.Id}\n"), ("terraform", $"\"{ami.Id}\"\n") })
        {
            string template = Succeed(cloud, LaunchTemplate(PublishCloud.Region, "--format", format));
            Assert.StartsWith("# tiny: one instance of a sealed appliance.\n# The AMI of release ", template, StringComparison.Ordinal);
            Assert.Contains(line, template, StringComparison.Ordinal);
        }

        result = Tool.End(Start(cloud, LaunchTemplate(PublishCloud.SecondRegion)));
        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Contains($"key's region, but in {PublishCloud.Region}\n", result.Error, StringComparison.Ordinal);
        result = Tool.End(Start(cloud, LaunchTemplate(PublishCloud.Region, "--ami", ami.Id)));
        Assert.Equal(ExitCode.Usage, result.ExitCode);

        // A release that was changed gives no template.
        byte[] statement = await File.ReadAllBytesAsync(release.PathOf("release/release.dsse.json"));
        await File.WriteAllBytesAsync(release.PathOf("release/release.dsse.json"), [.. statement[..200], (byte)(statement[200] ^ 1), .. statement[201..]]);
        try
        {
            result = Tool.End(Start(cloud, LaunchTemplate(PublishCloud.Region)));
            Assert.NotEqual(ExitCode.Success, result.ExitCode);
            Assert.Empty(result.Output);
        }
        finally
        {
            await File.WriteAllBytesAsync(release.PathOf("release/release.dsse.json"), statement);
        }
    }

    [Fact]
    public async Task What_cannot_be_done_is_said_in_a_line()
    {
        await using PublishCloud cloud = await PublishCloud.StartAsync();
        ToolResult result = Tool.End(Start(cloud, Publish()[..^1]));
        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Contains("nobody is there to answer", result.Error, StringComparison.Ordinal);
        cloud.Caller.Expires = DateTimeOffset.MinValue;
        result = Tool.End(Start(cloud, Publish()));
        Assert.Equal(ExitCode.Remote, result.ExitCode);
        Assert.Contains("imagebuilder: hint: sign in again", result.Error, StringComparison.Ordinal);
        result = Tool.End(Start(cloud, "ami", "gc", "--region", PublishCloud.Region, "--ledger", "nothing.jsonl"));
        Assert.Equal(ExitCode.Environment, result.ExitCode);
    }

    private string Succeed(PublishCloud cloud, params string[] arguments)
    {
        ToolResult result = Tool.End(Start(cloud, arguments));
        Assert.True(result.ExitCode == ExitCode.Success, result.Output + result.Error);
        return result.Output;
    }

    private static JsonObject AssertDescribed(string schema, string json)
    {
        JsonObject document = JsonNode.Parse(json)!.AsObject();
        PublishedSchema.AssertDescribed($"{schema}.schema.json", document, isWhole: true);
        return document;
    }

    private static string[] Publish(params string[] more) => ["publish", "release", "--policy", "policy.yaml", "--region", PublishCloud.Region, .. more, "--yes"];

    private static string[] LaunchTemplate(string region, params string[] more) =>
    [
        "launch-template", "--release", "release", "--policy", "policy.yaml", "--role", "tiny-appliance", "--port", "8443",
        "--key", $"arn:aws:kms:{region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", .. more,
    ];

    private Process Start(PublishCloud cloud, params string[] arguments) => Tool.StartWith(
        new Dictionary<string, string>
        {
            ["AWS_ACCESS_KEY_ID"] = cloud.Caller.AccessKeyId,
            ["AWS_SECRET_ACCESS_KEY"] = cloud.Caller.SecretKey,
            ["AWS_ENDPOINT_URL_EC2"] = cloud.Endpoint.Url,
            ["AWS_ENDPOINT_URL_EBS"] = cloud.Endpoint.Url,
        },
        release.Root,
        "imagebuilder",
        arguments);

    private static IEnumerable<int> Journaled(string path) => !File.Exists(path) ? []
        : File.ReadAllText(path).Split('\n').Skip(1).Where(line => line.Length > 64).Select(line => int.Parse(line.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>The bytes of an AMI do not say which packages they were made of; the release's documents do.</summary>
    private static string WithoutPackages(string path)
    {
        JsonNode document = JsonNode.Parse(File.ReadAllBytes(path))!;
        foreach (JsonNode? pcr in document["pcrs"]!.AsArray())
        {
            foreach (JsonNode? step in pcr!["events"]!.AsArray())
            {
                step!["source"]!.AsObject().Remove("packages");
            }
        }

        return document.ToJsonString();
    }
}
