using System.Diagnostics;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.Kms.Tests.Binding;

/// <summary>The executable itself, with nothing but the environment to find KMS by.</summary>
public sealed class ExecutableTests
{
    private const string Plan = """
        version: 1
        phase: bootstrap
        key:
          account: "111122223333"
          region: eu-central-1
        instances:
          principals: [arn:aws:iam::111122223333:role/mantle-appliance]
          operations: [kms:Decrypt]
        administrators:
          - principal: arn:aws:iam::111122223333:role/mantle-key-custodian
            may: [read, replace-policy]
        generations: []
        """;

    [Fact]
    public async Task Bind_and_status_work_from_the_command_line()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        using TemporaryFolder folder = new();
        await File.WriteAllTextAsync(folder["plan.yaml"], Plan);
        (int code, string output, string error) = await RunAsync(cloud, folder, "bind", "status", "plan.yaml");
        Assert.True(code == ExitCode.Mismatch, error);
        Assert.Contains("imagebuilder: error: the plan names no key", error, StringComparison.Ordinal);

        (code, output, error) = await RunAsync(cloud, folder, "bind", "plan.yaml", "--create");
        Assert.True(code == ExitCode.Usage, error);
        Assert.Contains("say --yes", error, StringComparison.Ordinal);

        (code, output, error) = await RunAsync(cloud, folder, "bind", "plan.yaml", "--create", "--yes");
        Assert.True(code == ExitCode.Success, error);
        string arn = Assert.Single(cloud.Service.Keys).Arn;
        Assert.Contains($"created {arn}; write its identifier into the plan as key.id", error, StringComparison.Ordinal);
        Assert.Contains($"{arn}: verified", output, StringComparison.Ordinal);

        (code, output, error) = await RunAsync(cloud, folder, "bind", "status", "plan.yaml", "--json");
        Assert.True(code == ExitCode.Success, error);
        Assert.Contains("\"verdict\": \"holds\"", output, StringComparison.Ordinal);

        cloud.Endpoint.Faults.Add(Emulator.Kms.Wire.KmsFault.Fails(null, "ExpiredTokenException", "The security token included in the request is expired"));
        (code, _, error) = await RunAsync(cloud, folder, "bind", "status", "plan.yaml");
        Assert.True(code == ExitCode.Remote, error);
        Assert.Contains("imagebuilder: hint: sign in again", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(TestCloud cloud, TemporaryFolder folder, params string[] arguments)
    {
        ProcessStartInfo start = new(Repository.PathOf("artifacts", "bin", "Mantle.ImageBuilder.Cli", "release", "imagebuilder"), arguments)
        {
            WorkingDirectory = folder.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AWS_ACCESS_KEY_ID"] = TestCloud.CustodianCaller.AccessKeyId;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = TestCloud.CustodianCaller.SecretKey;
        start.Environment["AWS_ENDPOINT_URL_KMS"] = cloud.Endpoint.Url;
        start.Environment.Remove("AWS_SESSION_TOKEN");
        start.Environment.Remove("AWS_REGION");
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
