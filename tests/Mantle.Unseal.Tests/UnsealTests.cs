using System.Text;
using Mantle.Emulator.Tpm.Nitro;
using Mantle.Formats.Cose;
using Mantle.Unseal.Tests.Sealing;

namespace Mantle.Unseal.Tests;

/// <summary>The whole program, with everything in order.</summary>
public sealed class UnsealTests
{
    [Theory]
    [InlineData(NitroSessions.Both)]
    [InlineData(NitroSessions.HmacOnly)]
    public async Task Key_and_files_reach_process_1_and_nobody_else(NitroSessions sessions)
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync(new() { Tpm = options => options with { Sessions = sessions } });
        Outcome outcome = await appliance.RunAsync();

        Assert.Equal(0, outcome.ExitCode);
        Assert.True(outcome.IsDone);
        Assert.Equal(appliance.VolumeKey, Assert.Single(outcome.Keys, key => key.Key == "weights").Value);
        Assert.Equal(TestAppliance.Marker, Encoding.ASCII.GetString(outcome.Files["api-token"]));
        Assert.Equal(appliance.LargeFile, outcome.Files["large"]);
        Assert.Equal(["api-token", "large"], outcome.WholeFiles.Order());
        Assert.Empty(appliance.Tpm.Nitro.Held);
        Assert.All(appliance.Kms.Calls, call => Assert.True(call is { Operation: "Decrypt", Error: null, IsAttested: true }));
        Assert.Equal(3, appliance.Kms.Calls.Count);
    }

    [Fact]
    public async Task Each_request_has_a_key_and_a_nonce_of_its_own()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        await appliance.RunAsync();
        AttestationDocument[] documents = [.. appliance.Tpm.Nitro.Documents.Select(document => SignedAttestationDocument.Read(document).UnverifiedContent)];
        Assert.Equal(3, documents.Select(document => Convert.ToHexString(document.PublicKey!.Value.Span)).Distinct().Count());
        Assert.Equal(3, documents.Select(document => Convert.ToHexString(document.Nonce!.Value.Span)).Distinct().Count());
        Assert.All(documents, document => Assert.Null(document.UserData));
    }

    [Fact]
    public async Task Credentials_are_asked_for_once_and_by_version_2_only()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        await appliance.RunAsync();
        Assert.Equal(
            [
                "PUT /latest/api/token 200", "GET /latest/meta-data/iam/security-credentials/ 200", "GET /latest/meta-data/iam/security-credentials/mantle-appliance 200",
            ],
            appliance.Metadata.Calls);
    }

    [Fact]
    public async Task Stages_are_told_in_order()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        Outcome outcome = await appliance.RunAsync();
        Assert.Equal([0x70, 0x50, 0x40, 0x60, 0x70, 0x40, 0x60, 0x70, 0x40, 0x60, 0x70], outcome.Stages);
    }

    [Fact]
    public async Task Without_anything_sealed_no_kms_is_needed()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync(new()
        {
            Configuration = configuration =>
            {
                configuration["unseal"]!["kms"] = null;
                configuration["unseal"]!["files"]!.AsArray().Clear();
                configuration["unseal"]!["volumes"]!.AsArray().RemoveAt(0);
                return configuration;
            },
        });
        appliance.Blobs.Clear();
        Outcome outcome = await appliance.RunAsync();
        Assert.True(outcome.IsDone);
        Assert.Empty(appliance.Kms.Calls);
        Assert.Empty(appliance.Metadata.Calls);
    }

    [Fact]
    public async Task When_everything_is_unsealed_already_it_only_attests()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        appliance.Blobs.Clear();
        Outcome outcome = await appliance.RunAsync(go: "A");
        Assert.True(outcome.IsDone);
        Assert.Empty(outcome.Keys);
        Assert.Empty(outcome.Files);
        Assert.Empty(appliance.Kms.Calls);
    }

    [Fact]
    public async Task A_secret_file_can_be_empty_or_the_data_key_itself()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        appliance.Image["/sealed/large"] = appliance.SealFile("large", []);
        appliance.Image["/sealed/api-token"] = Sealer.Key(appliance.Encrypt("short secret"u8.ToArray(), TestAppliance.Context("file", "api-token")));
        Outcome outcome = await appliance.RunAsync();
        Assert.Empty(outcome.Files["large"]);
        Assert.Equal("short secret"u8, outcome.Files["api-token"]);
        Assert.Equal(2, outcome.WholeFiles.Count);
    }
}
