using Mantle.Emulator.Ec2;
using Mantle.ImageBuilder;
using Mantle.ImageBuilder.Publishing.Lifecycle;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Tests.Release;

namespace Mantle.Publish.Tests.Publishing;

public sealed class LifecycleTests : IDialogue
{
    private static readonly DateTimeOffset s_until = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private bool _agrees = true;

    [Fact]
    public async Task The_list_has_releases_AMIs_and_generations_side_by_side()
    {
        await using PublishScenario scenario = await PublishedAsync();
        using AmiInventory inventory = await ReadAsync(scenario, Ledger(scenario), Plan(scenario));
        Assert.Equal([PublishCloud.Region, PublishCloud.SecondRegion], inventory.Images.Select(image => image.Region));
        Assert.All(inventory.Images, image =>
        {
            Assert.Equal(LedgerEvent.Released, image.Ledger!.Event);
            Assert.Equal("tiny-7", image.Generation!.Name);
            Assert.Equal(["444455556666"], image.SharedWith);
        });
        Assert.Equal(2, inventory.Snapshots.Count);
        Assert.Empty(inventory.Unpublished);
        scenario.Image.Tags["mantle:release"] = new('0', 64);
        scenario.Image.Tags["mantle:pcr4"] = new('0', 96);
        using AmiInventory other = await ReadAsync(scenario, Ledger(scenario), Plan(scenario));
        Assert.Null(other.Images[0].Ledger);
        Assert.Null(other.Images[0].Generation);
    }

    [Fact]
    public async Task A_retired_release_is_deprecated_and_shared_with_nobody()
    {
        await using PublishScenario scenario = await PublishedAsync();
        using AmiInventory inventory = await ReadAsync(scenario, Ledger(scenario), Plan(scenario));
        _agrees = false;
        Assert.Null(await inventory.RetireAsync(scenario.Release.Statement, TimeProvider.System.GetUtcNow(), this, CancellationToken.None));
        _agrees = true;
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("EnableImageDeprecation", "UnauthorizedOperation", "no", 403));
        UserErrorException e = await Assert.ThrowsAsync<UserErrorException>(() => inventory.RetireAsync(scenario.Release.Statement, TimeProvider.System.GetUtcNow(), this, CancellationToken.None));
        Assert.Contains("; done: us-east-1: ", e.Message, StringComparison.Ordinal);
        using AmiInventory again = await ReadAsync(scenario, Ledger(scenario), Plan(scenario));
        Assert.Equal(3, (await again.RetireAsync(scenario.Release.Statement, TimeProvider.System.GetUtcNow(), this, CancellationToken.None))!.Count);
        Assert.All(scenario.Cloud.Service.Images, image =>
        {
            Assert.Empty(image.LaunchPermissions);
            Assert.NotNull(image.Deprecated);
        });
        using AmiInventory done = await ReadAsync(scenario, Ledger(scenario), Plan(scenario));
        Assert.Empty((await done.RetireAsync(scenario.Release.Statement, TimeProvider.System.GetUtcNow().AddMinutes(2), this, CancellationToken.None))!);
    }

    [Fact]
    public async Task The_plan_of_a_retirement_says_who_loses()
    {
        await using PublishScenario scenario = await PublishedAsync();
        BindingPlan plan = Plan(scenario, "\n  - name: tiny-8\n    state: current\n    pcrs: {4: " + new string('a', 96) + ", 7: \"" + new string('7', 96) + "\", 12: \"" + new string('0', 96) + "\", 13: \"" + new string('0', 96) + "\"}");
        using AmiInventory inventory = await ReadAsync(scenario, Ledger(scenario), plan);
        IReadOnlyList<string> lines = AmiInventory.PlanRetirement(plan, inventory.GenerationOf(scenario.Release.Statement)!, s_until);
        Assert.Contains("set generation tiny-7 to \"state: retiring\" with \"until: 2099-01-01T00:00:00Z\"", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("mantle-appliance", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_released_bound_or_unknown_is_kept()
    {
        await using PublishScenario scenario = await PublishedAsync();
        using (AmiInventory released = await ReadAsync(scenario, Ledger(scenario), null))
        {
            Assert.Empty(released.Unneeded);
            Assert.Equal(4, released.Kept.Count);
        }

        using (AmiInventory bound = await ReadAsync(scenario, Ledger(scenario, LedgerEvent.Retired), Plan(scenario)))
        {
            Assert.Empty(bound.Unneeded);
            Assert.Contains(bound.Kept, line => line.Contains("still releases the key to generation tiny-7", StringComparison.Ordinal));
        }

        using (AmiInventory unknown = await ReadAsync(scenario, ReleaseLedger.Empty, null))
        {
            Assert.Empty(unknown.Unneeded);
        }
    }

    [Fact]
    public async Task What_is_retired_is_deleted_when_the_answer_is_yes()
    {
        await using PublishScenario scenario = await PublishedAsync();
        using AmiInventory inventory = await ReadAsync(scenario, Ledger(scenario, LedgerEvent.Retired), null);
        Assert.Equal(4, inventory.Unneeded.Count);
        _agrees = false;
        Assert.Null(await inventory.CollectAsync(this, CancellationToken.None));
        Assert.Equal(2, scenario.Cloud.Service.Images.Count);
        _agrees = true;
        Assert.Equal(4, (await inventory.CollectAsync(this, CancellationToken.None))!.Count);
        Assert.Empty(scenario.Cloud.Service.Images);
        Assert.Empty(scenario.Cloud.Service.Snapshots);
    }

    void IDialogue.Say(string line) => Assert.StartsWith("to do: ", line, StringComparison.Ordinal);

    bool IDialogue.Confirm(string question) => _agrees;

    private static async Task<PublishScenario> PublishedAsync()
    {
        PublishScenario scenario = await PublishScenario.StartAsync();
        (scenario.CopyTo, scenario.ShareWith) = ([PublishCloud.SecondRegion], ["444455556666"]);
        await scenario.PublishAsync();
        return scenario;
    }

    private static Task<AmiInventory> ReadAsync(PublishScenario scenario, ReleaseLedger ledger, BindingPlan? plan) =>
        AmiInventory.ReadAsync([scenario.Cloud.Images(), scenario.Cloud.Images(PublishCloud.SecondRegion)], ledger, plan, CancellationToken.None);

    private static ReleaseLedger Ledger(PublishScenario scenario, LedgerEvent? after = null)
    {
        DsseEnvelope envelope = DsseEnvelope.Read(File.ReadAllBytes(Path.Combine(scenario.Directory, "release.dsse.json")));
        LedgerEntry entry = TestRelease.Entry(envelope, Mantle.Measure.Release.ReleaseStatement.Read(envelope.Payload));
        ReleaseLedger ledger = ReleaseLedger.Empty.Append(entry);
        return after is { } what ? ledger.Append(LedgerEntry.Withdrawing(entry, what, "replaced by another", entry.Time)) : ledger;
    }

    private static BindingPlan Plan(PublishScenario scenario, string more = "")
    {
        string Value(int pcr) => scenario.Release.WithSecureBoot.Banks[Formats.Tpm.TpmAlgorithm.Sha384][pcr].ToString();
        return PlanReader.Parse("sample.yaml", $"""
            version: 1
            phase: final
            key:
              account: "111122223333"
              region: us-east-1
              id: 1234abcd-12ab-34cd-56ef-1234567890ab
            instances:
              principals: [arn:aws:iam::111122223333:role/mantle-appliance]
              operations: [kms:Decrypt]
            administrators:
              - principal: arn:aws:iam::111122223333:role/mantle-key-custodian
                may: [read, replace-policy]
            generations:
              - name: tiny-7
                state: current
                pcrs:
                  4: "{Value(4)}"
                  7: "{Value(7)}"
                  12: "{Value(12)}"
                  13: "{Value(13)}"
            """ + more);
    }
}
