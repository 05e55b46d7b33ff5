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
        (int code, string output, string error) = BindTool.Run(cloud, folder.Root, "bind", "status", "plan.yaml");
        Assert.True(code == ExitCode.Mismatch, error);
        Assert.Contains("imagebuilder: error: the plan names no key", error, StringComparison.Ordinal);

        (code, output, error) = BindTool.Run(cloud, folder.Root, "bind", "plan.yaml", "--create");
        Assert.True(code == ExitCode.Usage, error);
        Assert.Contains("say --yes", error, StringComparison.Ordinal);

        (code, output, error) = BindTool.Run(cloud, folder.Root, "bind", "plan.yaml", "--create", "--yes");
        Assert.True(code == ExitCode.Success, error);
        string arn = Assert.Single(cloud.Service.Keys).Arn;
        Assert.Contains($"created {arn}; write its identifier into the plan as key.id", error, StringComparison.Ordinal);
        Assert.Contains($"{arn}: verified", output, StringComparison.Ordinal);

        (code, output, error) = BindTool.Run(cloud, folder.Root, "bind", "status", "plan.yaml", "--json");
        Assert.True(code == ExitCode.Success, error);
        Assert.Contains("\"verdict\": \"holds\"", output, StringComparison.Ordinal);

        cloud.Endpoint.Faults.Add(Emulator.Kms.Wire.KmsFault.Fails(null, "ExpiredTokenException", "The security token included in the request is expired"));
        (code, _, error) = BindTool.Run(cloud, folder.Root, "bind", "status", "plan.yaml");
        Assert.True(code == ExitCode.Remote, error);
        Assert.Contains("imagebuilder: hint: sign in again", error, StringComparison.Ordinal);
    }
}
