using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Mantle.Emulator.Kms.Keys;
using Mantle.ImageBuilder.Binding;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Kms.Tests.Binding;

/// <summary>What bind does when KMS does what it should.</summary>
public sealed class BindTests
{
    [Fact]
    public async Task A_key_is_made_under_the_bootstrap_policy_and_then_released_to_the_image_alone()
    {
        await using BindingScenario scenario = await BindingScenario.StartAsync();
        string? first = null;
        scenario.Faults.Add(new() { Operation = "PutKeyPolicy", Before = () => first = scenario.Key.PolicyText });
        BindResult result = await scenario.BindAsync(creates: true);
        Assert.True(result.IsDone);
        Assert.Equal((ExitCode.Success, scenario.Key.Arn), (result.Report!.ExitCode, result.KeyArn));
        Assert.Contains("mantle-bootstrap", first, StringComparison.Ordinal);
        Assert.Contains("mantle-final", scenario.Key.PolicyText, StringComparison.Ordinal);
        Assert.Equal((2, true, "alias/appliance"), (scenario.Key.PolicyVersions, scenario.Key.IsRotated, scenario.Cloud.Service.Aliases.Single().Key.Split(':')[5]));

        using RSA recipient = RSA.Create(2048);
        AmazonKeyManagementServiceClient appliance = scenario.Cloud.ClientOf(TestCloud.ApplianceCaller);
        async Task AskAsync(char digit) => await appliance.GenerateDataKeyAsync(new GenerateDataKeyRequest
        {
            KeyId = "alias/appliance",
            KeySpec = DataKeySpec.AES_256,
            Recipient = scenario.Cloud.Attest(recipient, [.. BindingScenario.Image(digit).Values.Select(pcr => (pcr.Key, pcr.Value))]),
        });
        await AskAsync('a');
        await Assert.ThrowsAsync<AmazonKeyManagementServiceException>(() => AskAsync('b'));
    }

    [Fact]
    public async Task Bound_twice_it_changes_nothing()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        int puts = scenario.Puts;
        BindResult again = await scenario.BindAsync();
        Assert.Empty(again.Changes);
        Assert.Equal((puts, ExitCode.Success), (scenario.Puts, again.Report!.ExitCode));
    }

    [Fact]
    public async Task A_plan_without_identifier_finds_its_key_by_alias()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        scenario.Plan = BindingScenario.Parse("final");
        Assert.Equal(scenario.Key.Arn, (await scenario.BindAsync(creates: true)).KeyArn);
        Assert.Single(scenario.Cloud.Service.Keys);
    }

    [Fact]
    public async Task A_dry_run_and_a_no_change_nothing()
    {
        await using BindingScenario scenario = await BindingScenario.StartAsync();
        Assert.False((await scenario.BindAsync(creates: true, isDryRun: true)).IsDone);
        scenario.Answer = () => false;
        Assert.False((await scenario.BindAsync(creates: true)).IsDone);
        Assert.Empty(scenario.Cloud.Service.Keys);
        scenario.Answer = () => true;
        await scenario.BindAsync(creates: true);
        scenario.Roll('b');
        scenario.Releases = [BindingScenario.Release('a'), BindingScenario.Release('b')];
        int puts = scenario.Puts;
        BindResult dry = await scenario.BindAsync(isDryRun: true);
        Assert.Single(dry.Changes);
        Assert.Contains(scenario.Said, line => line.StartsWith("gains", StringComparison.Ordinal) && line.Contains("attested as sample b", StringComparison.Ordinal));
        Assert.Equal(puts, scenario.Puts);
    }

    [Fact]
    public async Task Only_a_verified_release_gets_the_key_but_a_retiring_one_keeps_it()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        scenario.Roll('b');
        UserErrorException refusal = await scenario.FailAsync(ExitCode.Mismatch);
        Assert.Contains("generation \"sample-b\" is none of the 1 verified releases", refusal.Message, StringComparison.Ordinal);
        scenario.Releases = [BindingScenario.Release('b')];
        await scenario.FailAsync(ExitCode.Mismatch);
        PlanGeneration old = scenario.Plan.Generations[0] with { State = GenerationState.Retiring, Until = TimeProvider.System.GetUtcNow().AddDays(30) };
        scenario.Plan = scenario.Plan with { Generations = [old, scenario.Plan.Generations[1] with { State = GenerationState.Current }] };
        Assert.Equal(ExitCode.Success, (await scenario.BindAsync()).Report!.ExitCode);
    }

    [Fact]
    public async Task Sealing_has_to_be_meant_and_cannot_be_undone()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        scenario.Plan = scenario.Plan with { Phase = PlanPhase.Sealed };
        await scenario.FailAsync(ExitCode.Usage);
        Assert.Equal(ExitCode.Success, (await scenario.BindAsync(seals: true)).Report!.ExitCode);
        Assert.Empty((await scenario.BindAsync(seals: true)).Changes);
        scenario.Plan = scenario.Plan with { Phase = PlanPhase.Final };
        UserErrorException refusal = await scenario.FailAsync(ExitCode.Remote);
        Assert.Contains("PutKeyPolicy is denied", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Emulator.Kms.Keys.KeyState.PendingDeletion, "is PendingDeletion, not Enabled")]
    [InlineData(Emulator.Kms.Keys.KeyState.Disabled, "is Disabled, not Enabled")]
    public async Task A_key_that_does_not_work_is_not_bound(Emulator.Kms.Keys.KeyState state, string problem)
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        scenario.Key.State = state;
        scenario.Roll('b');
        scenario.Releases = [BindingScenario.Release('a'), BindingScenario.Release('b')];
        int puts = scenario.Puts;
        Assert.Contains(problem, (await scenario.FailAsync(ExitCode.Mismatch)).Message, StringComparison.Ordinal);
        Assert.Equal(puts, scenario.Puts);
        Assert.Contains("state", (await scenario.StatusAsync()).Report!.Checks.Where(check => check.Outcome == Measure.Checking.CheckOutcome.Fail).Select(check => check.Id));
    }

    [Theory]
    [InlineData("asymmetric", "is a key RSA_2048 for ENCRYPT_DECRYPT")]
    [InlineData("imported", "has key material from outside of KMS")]
    [InlineData("replicated", "shares its key material with")]
    public async Task A_key_of_another_kind_is_not_bound(string kind, string problem)
    {
        await using BindingScenario scenario = await BindingScenario.StartAsync();
        AmazonKeyManagementServiceClient client = scenario.Cloud.ClientOf(TestCloud.Administrator);
        CreateKeyRequest request = kind switch
        {
            "asymmetric" => new() { KeySpec = KeySpec.RSA_2048, KeyUsage = KeyUsageType.ENCRYPT_DECRYPT },
            "imported" => new() { Origin = OriginType.EXTERNAL },
            _ => new() { MultiRegion = true },
        };
        string id = (await client.CreateKeyAsync(request)).KeyMetadata.KeyId;
        if (kind == "replicated")
        {
            await client.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" });
        }

        foreach (KmsKey key in scenario.Cloud.Service.Keys)
        {
            key.State = Emulator.Kms.Keys.KeyState.Enabled;
        }

        scenario.Caller = TestCloud.Administrator;
        scenario.Plan = scenario.Plan with { Alias = null, Key = scenario.Plan.Key with { Id = id } };
        Assert.Contains(problem, (await scenario.FailAsync(ExitCode.Mismatch)).Message, StringComparison.Ordinal);
    }
}
