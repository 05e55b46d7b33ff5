using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Mantle.Emulator.Kms.Wire;
using Mantle.ImageBuilder.Binding;
using Mantle.Measure;

namespace Mantle.Kms.Tests.Binding;

/// <summary>What bind does when something fails, at every step.</summary>
public sealed class TroubleTests
{
    private static async Task<BindingScenario> RollingAsync()
    {
        BindingScenario scenario = await BindingScenario.BoundAsync();
        scenario.Roll('b');
        scenario.Releases = [BindingScenario.Release('a'), BindingScenario.Release('b')];
        return scenario;
    }

    private static void AssertDone(BindResult result) => Assert.Equal((true, ExitCode.Success), (result.IsDone, result.Report!.ExitCode));

    [Theory]
    [InlineData("DescribeKey")]
    [InlineData("GetKeyPolicy")]
    [InlineData("PutKeyPolicy")]
    [InlineData("ListGrants")]
    public async Task Throttling_is_waited_out(string operation)
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(KmsFault.Throttle(operation, 3));
        AssertDone(await scenario.BindAsync());
        Assert.Equal((3, 2), (scenario.Waits, scenario.Puts));
    }

    [Fact]
    public async Task Throttling_without_end_ends_and_nothing_was_changed()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(KmsFault.Throttle("PutKeyPolicy", 100));
        UserErrorException e = await scenario.FailAsync(ExitCode.Remote);
        Assert.Contains("PutKeyPolicy is throttled", e.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was changed; not in place: the final policy of arn:", e.Message, StringComparison.Ordinal);
        Assert.Contains("run the same command again", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_put_whose_answer_is_lost_is_found_by_reading_back()
    {
        await using BindingScenario scenario = await RollingAsync();
        int puts = scenario.Puts;
        scenario.Faults.Add(new() { Operation = "PutKeyPolicy", CutsAfter = true });
        AssertDone(await scenario.BindAsync());
        Assert.Equal(puts + 1, scenario.Puts);
    }

    [Fact]
    public async Task A_put_that_is_lost_on_the_way_is_done_again()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(new() { Operation = "PutKeyPolicy", CutsBefore = true });
        AssertDone(await scenario.BindAsync());
    }

    [Fact]
    public async Task A_put_that_KMS_fails_is_done_again()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(KmsFault.Internal("PutKeyPolicy", 2));
        AssertDone(await scenario.BindAsync());
    }

    [Fact]
    public async Task A_put_that_KMS_always_fails_leaves_it_open_whether_it_is_in_place()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(KmsFault.Internal("PutKeyPolicy", 100));
        UserErrorException e = await scenario.FailAsync(ExitCode.Remote);
        Assert.Contains("it is not known whether this is in place: the final policy", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_no_JSON_counts_as_lost()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(new() { Operation = "GetKeyPolicy", Garbles = true });
        AssertDone(await scenario.BindAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_is_made_once_though_the_answer_is_lost(bool isDone)
    {
        await using BindingScenario scenario = await BindingScenario.StartAsync();
        scenario.Faults.Add(new() { Operation = "CreateKey", CutsAfter = isDone, CutsBefore = !isDone });
        AssertDone(await scenario.BindAsync(creates: true));
        Assert.Single(scenario.Cloud.Service.Keys);
    }

    [Fact]
    public async Task Another_administrator_who_changes_the_policy_while_one_is_asked_is_not_overwritten()
    {
        await using BindingScenario scenario = await RollingAsync();
        string theirs = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}]}""";
        scenario.Answer = () =>
        {
            scenario.Key.SetPolicy(theirs);
            return true;
        };
        int puts = scenario.Puts;
        UserErrorException e = await scenario.FailAsync(ExitCode.Mismatch);
        Assert.Contains("somebody else changed the policy", e.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", e.Message, StringComparison.Ordinal);
        Assert.Equal(puts, scenario.Puts);
    }

    [Fact]
    public async Task Another_administrator_who_changes_the_policy_just_after_is_noticed()
    {
        await using BindingScenario scenario = await RollingAsync();
        string theirs = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333","{{TestCloud.Custodian}}"]},"Action":"kms:*","Resource":"*"}]}""";
        scenario.Faults.Add(new() { Operation = "PutKeyPolicy", After = () => scenario.Key.SetPolicy(theirs) });
        UserErrorException e = await scenario.FailAsync(ExitCode.Mismatch);
        Assert.Contains("neither it nor the one before", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_KMS_does_not_know_yet_is_waited_for()
    {
        await using BindingScenario scenario = await RollingAsync();
        int asked = 0;
        scenario.Cloud.Service.PrincipalExists = arn => arn != TestCloud.Appliance || ++asked > 5;
        AssertDone(await scenario.BindAsync());
        Assert.Equal(5, scenario.Waits);
    }

    [Fact]
    public async Task A_role_that_never_appears_is_named_and_nothing_is_changed()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Cloud.Service.PrincipalExists = arn => arn != TestCloud.Appliance;
        UserErrorException e = await scenario.FailAsync(ExitCode.Remote);
        Assert.Contains("a principal that IAM does not know; nothing was changed", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_key_waits_for_its_roles_too()
    {
        await using BindingScenario scenario = await BindingScenario.StartAsync();
        int asked = 0;
        scenario.Cloud.Service.PrincipalExists = _ => ++asked > 3;
        AssertDone(await scenario.BindAsync(creates: true));
        Assert.Single(scenario.Cloud.Service.Keys);
    }

    [Fact]
    public async Task Who_could_not_replace_the_policy_again_is_told_so()
    {
        await using BindingScenario scenario = await BindingScenario.StartAsync();
        AmazonKeyManagementServiceClient client = scenario.Cloud.ClientOf(TestCloud.Administrator);
        scenario.Plan = scenario.Plan with { Alias = null, Key = scenario.Plan.Key with { Id = (await client.CreateKeyAsync(new CreateKeyRequest())).KeyMetadata.KeyId } };
        scenario.Caller = TestCloud.Administrator;
        UserErrorException e = await scenario.FailAsync(ExitCode.Remote);
        Assert.Contains("refuses the policy as a lockout", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, scenario.Key.PolicyVersions);
    }

    [Fact]
    public async Task A_policy_that_is_shown_late_is_waited_for()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Cloud.Service.StalePolicyReads = 7;
        AssertDone(await scenario.BindAsync());
        Assert.Equal(7, scenario.Waits);
    }

    [Fact]
    public async Task A_policy_that_is_never_shown_is_not_called_done()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Cloud.Service.StalePolicyReads = 1000;
        Assert.Contains("KMS still shows the one before", (await scenario.FailAsync(ExitCode.Remote)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_denied_put_changes_nothing()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(KmsFault.Denied("PutKeyPolicy"));
        UserErrorException e = await scenario.FailAsync(ExitCode.Remote);
        Assert.Contains("PutKeyPolicy is denied", e.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_may_not_be_read_is_not_replaced()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(KmsFault.Denied("GetKeyPolicy"));
        int puts = scenario.Puts;
        Assert.Contains("GetKeyPolicy is denied", (await scenario.FailAsync(ExitCode.Remote)).Message, StringComparison.Ordinal);
        Assert.Equal(puts, scenario.Puts);
    }

    [Fact]
    public async Task A_policy_that_cannot_be_read_back_has_no_verdict()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(KmsFault.Denied("GetKeyPolicy") with { Skip = 2 });
        UserErrorException e = await scenario.FailAsync(ExitCode.Unverified);
        Assert.Contains("it is not known whether this is in place", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_credentials_are_named()
    {
        await using BindingScenario scenario = await RollingAsync();
        scenario.Faults.Add(KmsFault.Fails("DescribeKey", "ExpiredTokenException", "The security token included in the request is expired"));
        Assert.Contains("the credentials are not accepted: ExpiredTokenException", (await scenario.FailAsync(ExitCode.Remote)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CreateAlias", "in place: a key with the bootstrap policy; the final policy of arn:", "not in place: alias/appliance")]
    [InlineData("EnableKeyRotation", "in place: a key with the bootstrap policy; the final policy of arn:", "not in place: rotation every 365 days; alias/appliance")]
    [InlineData("PutKeyPolicy", "in place: a key with the bootstrap policy;", "not in place: the final policy of arn:")]
    [InlineData("GetKeyPolicy", "in place: a key with the bootstrap policy", "")]
    public async Task A_failure_half_way_says_what_is_in_place_and_the_next_run_goes_on(string operation, string place, string open)
    {
        await using BindingScenario scenario = await BindingScenario.StartAsync();
        scenario.Faults.Add(KmsFault.Denied(operation));
        UserErrorException e = await scenario.FailAsync(ExitCode.Remote, creates: true);
        Assert.Contains(place, e.Message, StringComparison.Ordinal);
        Assert.Contains(open, e.Message, StringComparison.Ordinal);
        AssertDone(await scenario.BindAsync(creates: true));
        Assert.Single(scenario.Cloud.Service.Keys);
        Assert.Single(scenario.Cloud.Service.Aliases);
    }

    [Fact]
    public async Task An_alias_whose_answer_is_lost_is_in_place()
    {
        await using BindingScenario scenario = await BindingScenario.StartAsync();
        scenario.Faults.Add(new() { Operation = "CreateAlias", CutsAfter = true });
        AssertDone(await scenario.BindAsync(creates: true));
    }

    [Fact]
    public async Task An_alias_of_another_key_is_moved_when_that_is_agreed_to()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        AmazonKeyManagementServiceClient client = scenario.Cloud.ClientOf(TestCloud.Administrator);
        string other = (await client.CreateKeyAsync(new CreateKeyRequest())).KeyMetadata.KeyId;
        string alias = Assert.Single(scenario.Cloud.Service.Aliases).Key;
        await scenario.Cloud.ClientOf(TestCloud.CustodianCaller).DeleteAliasAsync("alias/appliance");
        await client.CreateAliasAsync("alias/appliance", other);
        BindResult status = await scenario.StatusAsync();
        Assert.Equal(Measure.Checking.CheckOutcome.Fail, status.Report!.Find("alias")!.Outcome);
        // The other key's policy leaves it to IAM, where the custodian has UpdateAlias.
        AssertDone(await scenario.BindAsync());
        Assert.Contains(scenario.Said, line => line.Contains("to do: alias/appliance, which points to another key", StringComparison.Ordinal));
        Assert.Equal(scenario.Plan.Key.Arn, scenario.Cloud.Service.Aliases[alias]);
    }

    [Fact]
    public async Task A_key_that_is_not_there_and_a_service_that_is_not_there_are_remote_failures()
    {
        await using BindingScenario scenario = await BindingScenario.StartAsync();
        scenario.Plan = scenario.Plan with { Alias = null, Key = scenario.Plan.Key with { Id = "11112222-3333-4444-5555-666677778888" } };
        Assert.Contains("does not exist", (await scenario.FailAsync(ExitCode.Remote)).Message, StringComparison.Ordinal);
        await scenario.Cloud.Endpoint.DisposeAsync();
        Assert.Contains("no answer", (await scenario.FailAsync(ExitCode.Remote)).Message, StringComparison.Ordinal);
    }
}
