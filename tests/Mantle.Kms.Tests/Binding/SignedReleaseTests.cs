using System.Security.Cryptography;
using System.Text;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Mantle.Cli.Tests;
using Mantle.Emulator.Kms.Keys;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Rolling;

namespace Mantle.Kms.Tests.Binding;

/// <summary>From images to the key, by the executables alone: built, signed by two people, verified, bound, rolled and retired.</summary>
public sealed class SignedReleaseTests(SignedGenerations releases) : IClassFixture<SignedGenerations>
{
    private static readonly string[] s_bindFirst = ["bind", "plan.yaml", "--policy", "policy.yaml", "--release", SignedGenerations.First, "--yes"];

    [Fact]
    public async Task A_key_follows_signed_releases_from_the_first_to_the_second()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        AssertEnds(ExitCode.Success, Tool.Run(releases.Root, "measure", "verify", SignedGenerations.First, "--policy", "policy.yaml"));

        // A new key, whose policy is the generated one.
        releases.WritePlan(null, (SignedGenerations.First, "current"));
        AssertEnds(ExitCode.Success, BindTool.Run(cloud, releases.Root, [.. s_bindFirst, "--create"]));
        KmsKey key = Assert.Single(cloud.Service.Keys);
        releases.WritePlan(key.Id, (SignedGenerations.First, "current"));
        AssertGenerated(key);
        AssertBound(cloud);
        await AssertReleasedAsync(cloud, SignedGenerations.First);

        // Once more: nothing to do, and nothing done.
        int changes = Changes(cloud);
        ToolResult again = BindTool.Run(cloud, releases.Root, s_bindFirst);
        AssertEnds(ExitCode.Success, again);
        Assert.Contains($"{key.Arn} is as the plan says", again.Error, StringComparison.Ordinal);
        Assert.Equal(changes, Changes(cloud));

        // The second generation beside the first, of which nobody takes the plan's word for it.
        releases.WritePlan(key.Id, (SignedGenerations.First, "current"), (SignedGenerations.Second, "canary"));
        ToolResult refused = BindTool.Run(cloud, releases.Root, s_bindFirst);
        AssertEnds(ExitCode.Mismatch, refused);
        Assert.Contains("generation \"release-2\" is none of the 1 verified releases", refused.Error, StringComparison.Ordinal);
        Assert.Equal(changes, Changes(cloud));
        AssertEnds(ExitCode.Success, BindTool.Run(cloud, releases.Root, [.. s_bindFirst, "--release", SignedGenerations.Second]));
        AssertGenerated(key);
        await AssertReleasedAsync(cloud, SignedGenerations.First, SignedGenerations.Second);

        // The first retires, for which its directory is not needed any more, and is gone.
        string[] bindSecond = [.. s_bindFirst.Select(word => word == SignedGenerations.First ? SignedGenerations.Second : word)];
        releases.WritePlan(key.Id, (SignedGenerations.First, "retiring"), (SignedGenerations.Second, "current"));
        AssertEnds(ExitCode.Success, BindTool.Run(cloud, releases.Root, bindSecond));
        await AssertReleasedAsync(cloud, SignedGenerations.First, SignedGenerations.Second);
        releases.WritePlan(key.Id, (SignedGenerations.First, "revoked"), (SignedGenerations.Second, "current"));
        ToolResult drifted = BindTool.Run(cloud, releases.Root, "bind", "status", "plan.yaml");
        AssertEnds(ExitCode.Mismatch, drifted);
        Assert.Contains("release-1", drifted.Output, StringComparison.Ordinal);
        AssertEnds(ExitCode.Success, BindTool.Run(cloud, releases.Root, bindSecond));
        AssertBound(cloud);
        await AssertReleasedAsync(cloud, SignedGenerations.Second);
        Assert.Single(cloud.Service.Keys);
    }

    [Theory]
    [InlineData("half-signed", null, "role.reviewer")]
    [InlineData("changed", "sbom.spdx.json", "file.sbom.spdx.json")]
    [InlineData("other-image", "image.raw", "file.image.raw")]
    [InlineData("added", "notes.txt", "fails: directory")]
    public async Task A_release_that_does_not_verify_is_bound_to_nothing_and_KMS_hears_nothing_of_it(string release, string? changed, string why)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        if (changed is not null)
        {
            File.AppendAllText(Path.Combine(releases.PathOf(releases.CopyOfFirst(release)), changed), " ");
        }

        releases.WritePlan(null, (SignedGenerations.First, "current"));
        ToolResult refused = BindTool.Run(cloud, releases.Root, [.. s_bindFirst.Select(word => word == SignedGenerations.First ? release : word), "--create"]);
        AssertEnds(ExitCode.Mismatch, refused);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
        Assert.Empty(cloud.Endpoint.Calls);
    }

    /// <summary>The key has the policy that "measure policy generate" prints, in the order that KMS gives it.</summary>
    private void AssertGenerated(KmsKey key)
    {
        ToolResult generated = Tool.Run(releases.Root, "measure", "policy", "generate", "plan.yaml");
        AssertEnds(ExitCode.Success, generated);
        Assert.True(PolicyMeaning.IsSame(Read(generated.Output), Read(key.PolicyText)), $"{generated.Output}\n{key.PolicyText}");
    }

    private static PolicyDocument Read(string policy) => PolicyReader.Read(Encoding.UTF8.GetBytes(policy), PolicyKind.Key);

    private void AssertBound(TestCloud cloud)
    {
        ToolResult status = BindTool.Run(cloud, releases.Root, "bind", "status", "plan.yaml");
        AssertEnds(ExitCode.Success, status);
        Assert.Contains(": verified", status.Output, StringComparison.Ordinal);
    }

    /// <summary>Instances of these releases get the key; of the others, or without a document, none does.</summary>
    private async Task AssertReleasedAsync(TestCloud cloud, params string[] to)
    {
        using RSA recipient = RSA.Create(2048);
        AmazonKeyManagementServiceClient appliance = cloud.ClientOf(TestCloud.ApplianceCaller);
        GenerateDataKeyRequest Request(RecipientInfo? attestation) => new() { KeyId = "alias/tiny", KeySpec = DataKeySpec.AES_256, Recipient = attestation };
        await Assert.ThrowsAsync<AmazonKeyManagementServiceException>(() => appliance.GenerateDataKeyAsync(Request(null)));
        foreach (string release in (string[])[SignedGenerations.First, SignedGenerations.Second])
        {
            GenerateDataKeyRequest request = Request(cloud.Attest(recipient, releases.Registers(release)));
            if (to.Contains(release))
            {
                Assert.NotEqual(0, (await appliance.GenerateDataKeyAsync(request)).CiphertextForRecipient.Length);
            }
            else
            {
                await Assert.ThrowsAsync<AmazonKeyManagementServiceException>(() => appliance.GenerateDataKeyAsync(request));
            }
        }
    }

    private static int Changes(TestCloud cloud) => cloud.Endpoint.Calls.Count(call => call.Operation is not ("DescribeKey" or "GetKeyPolicy" or "GenerateDataKey")
        && !call.Operation.StartsWith("List", StringComparison.Ordinal) && !call.Operation.StartsWith("Get", StringComparison.Ordinal));

    private static void AssertEnds(int code, ToolResult result) => Assert.True(result.ExitCode == code, $"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");
}
