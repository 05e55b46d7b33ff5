using System.Diagnostics;
using System.Text.Json;
using Amazon.KeyManagementService.Model;
using Mantle.Cli.Tests;
using Mantle.Testing;

namespace Mantle.Kms.Tests.Sealing;

/// <summary><c>volume create --encrypt</c>, killed and gone on with: the data key is in no file, and one volume has one.</summary>
public sealed class KilledEncryptedVolumeTests : IDisposable
{
    private const int Kills = 3;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_at_any_moment_it_ends_as_a_volume_of_the_same_content_under_one_key()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        byte[] content = new byte[150 << 20]; // three segments
        new Random(2).NextBytes(content);
        Directory.CreateDirectory(_folder["weights"]);
        await File.WriteAllBytesAsync(_folder["weights/large"], content);
        string rootHash = RootHash(Run(cloud, "volume", "create", "weights", "--out", "plain.img", "--name", "weights", "--json"));
        KeyMetadata key = (await cloud.ClientOf(TestCloud.Administrator).CreateKeyAsync(new CreateKeyRequest())).KeyMetadata;
        string[] create = ["volume", "create", "weights", "--out", "cut.img", "--name", "weights", "--appliance", "sample", "--encrypt", $"kms:{key.Arn}", "--json"];
        Random random = new();
        for (int kill = 1; kill <= Kills; kill++)
        {
            using Process process = Start(cloud, create);
            while (kill == Kills && await process.StandardError.ReadLineAsync() is { } line && JsonDocument.Parse(line).RootElement.GetProperty("done").GetInt64() < 64 << 20)
            {
            }

            await Task.Delay(kill == Kills ? 0 : random.Next(900));
            Tool.Send(process, Tool.Kill);
            await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(File.Exists(_folder["cut.img"]) == (process.ExitCode == 0) || process.ExitCode == 128 + Tool.Kill, $"exit code {process.ExitCode}");
            if (File.Exists(_folder["cut.img"]))
            {
                AssertWhole(cloud, key.Arn, rootHash);
                File.Delete(_folder["cut.img"]);
            }
        }

        ToolResult last = Run(cloud, create);
        Assert.Equal(rootHash, RootHash(last));
        AssertWhole(cloud, key.Arn, rootHash);
        Assert.Equal([_folder["cut.img"]], Directory.GetFiles(_folder.Root, "cut.img*"));
    }

    /// <summary>Every block is decrypted under the key that lies in the volume, and hashed.</summary>
    private void AssertWhole(TestCloud cloud, string key, string rootHash)
    {
        ToolResult verified = Run(cloud, "volume", "verify", "cut.img", "--root-hash", rootHash, "--decrypt", $"kms:{key}", "--appliance", "sample", "--name", "weights", "--json");
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
    }

    private static string RootHash(ToolResult result)
    {
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return json.RootElement.GetProperty("rootHash").GetString()!;
    }

    private ToolResult Run(TestCloud cloud, params IEnumerable<string> arguments) => Tool.End(Start(cloud, arguments));

    private Process Start(TestCloud cloud, params IEnumerable<string> arguments) => Tool.StartWith(
        new Dictionary<string, string>
        {
            ["AWS_ACCESS_KEY_ID"] = TestCloud.Administrator.AccessKeyId,
            ["AWS_SECRET_ACCESS_KEY"] = TestCloud.Administrator.SecretKey,
            ["AWS_ENDPOINT_URL_KMS"] = cloud.Endpoint.Url,
            ["AWS_REGION"] = TestCloud.Region,
        },
        _folder.Root,
        "imagebuilder",
        arguments);
}
