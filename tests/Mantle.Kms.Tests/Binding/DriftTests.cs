using System.Text.Json.Nodes;
using Mantle.Emulator.Kms.Iam;
using Mantle.Emulator.Kms.Wire;
using Mantle.Measure;
using Mantle.Measure.Checking;

namespace Mantle.Kms.Tests.Binding;

/// <summary>What <c>bind status</c> says of a key that somebody has touched.</summary>
public sealed class DriftTests
{
    private static async Task<CheckResult> CheckAsync(BindingScenario scenario, string id, int exitCode)
    {
        CheckReport report = (await scenario.StatusAsync()).Report!;
        Assert.Equal(exitCode, report.ExitCode);
        return report.Find(id)!;
    }

    private static void Edit(BindingScenario scenario, Action<JsonArray> change)
    {
        JsonObject policy = JsonNode.Parse(scenario.Key.PolicyText)!.AsObject();
        change(policy["Statement"]!.AsArray());
        scenario.Key.SetPolicy(policy.ToJsonString());
    }

    [Fact]
    public async Task A_statement_that_somebody_added_is_found_and_the_next_bind_takes_it_away()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        Edit(scenario, statements => statements.Add(JsonNode.Parse(
            """{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/curious"},"Action":"kms:ScheduleKeyDeletion","Resource":"*"}""")));
        CheckResult policy = await CheckAsync(scenario, "policy", ExitCode.Mismatch);
        Assert.Contains("gains  arn:aws:iam::111122223333:role/curious", policy.Evidence, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Success, (await scenario.BindAsync()).Report!.ExitCode);
        Assert.Contains(scenario.Said, line => line.StartsWith("loses  arn:aws:iam::111122223333:role/curious", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Order_names_and_white_space_are_no_drift()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        Edit(scenario, statements =>
        {
            JsonNode?[] all = [.. statements.Select(statement => statement!.DeepClone())];
            statements.Clear();
            foreach (JsonNode? statement in all.Reverse())
            {
                statement!["Sid"] = "Renamed";
                statements.Add(statement);
            }
        });
        await CheckAsync(scenario, "policy", ExitCode.Success);
        Assert.Empty((await scenario.BindAsync()).Changes);
    }

    /// <summary>Each denial that goes is noticed: it is what holds a grant.</summary>
    [Fact]
    public async Task Every_denial_that_is_taken_away_is_drift()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        string whole = scenario.Key.PolicyText;
        JsonArray all = JsonNode.Parse(whole)!["Statement"]!.AsArray();
        int count = all.Count;
        for (int i = 0; i < count; i++)
        {
            if (all[i]!["Effect"]!.ToString() == "Allow")
            {
                continue;
            }

            scenario.Key.SetPolicy(whole);
            Edit(scenario, statements => statements.RemoveAt(i));
            CheckReport report = (await scenario.StatusAsync()).Report!;
            Assert.True(report.ExitCode != ExitCode.Success, $"statement {i + 1} of {count} is missing and nobody notices");
        }
    }

    [Fact]
    public async Task A_grant_that_the_denials_hold_is_listed_and_one_that_leaks_fails()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        scenario.Key.Grants.Add(new KeyGrant { Id = "held-by-denials", Grantee = "arn:aws:iam::111122223333:role/curious", Operations = ["Decrypt"] });
        CheckResult held = await CheckAsync(scenario, "grants", ExitCode.Success);
        Assert.Contains("held-by-deni for arn:aws:iam::111122223333:role/curious (Decrypt)", held.Evidence, StringComparison.Ordinal);
        scenario.Key.Grants.Add(new KeyGrant { Id = "describes", Grantee = "arn:aws:iam::111122223333:role/curious", Operations = ["DescribeKey"] });
        CheckResult leaks = await CheckAsync(scenario, "grants", ExitCode.Mismatch);
        Assert.Contains("gains  arn:aws:iam::111122223333:role/curious", leaks.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deletion_that_was_scheduled_is_dated()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        await scenario.Cloud.ClientOf(TestCloud.CustodianCaller).ScheduleKeyDeletionAsync(scenario.Key.Id, 30);
        Assert.Contains("PendingDeletion, it will be deleted at", (await CheckAsync(scenario, "state", ExitCode.Mismatch)).Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotation_that_was_turned_off_is_drift()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        scenario.Key.IsRotated = false;
        Assert.Contains("no rotation, the plan says every 365 days", (await CheckAsync(scenario, "rotation", ExitCode.Mismatch)).Evidence, StringComparison.Ordinal);
        Assert.Equal(["rotation every 365 days"], (await scenario.BindAsync()).Changes);
        Assert.True(scenario.Key.IsRotated);
    }

    [Theory]
    [InlineData("ListGrants", "grants")]
    [InlineData("GetKeyPolicy", "policy")]
    [InlineData("GetKeyRotationStatus", "rotation")]
    public async Task What_may_not_be_read_leaves_no_verdict(string operation, string id)
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        scenario.Faults.Add(KmsFault.Denied(operation));
        Assert.Equal(CheckOutcome.NotChecked, (await CheckAsync(scenario, id, ExitCode.Unverified)).Outcome);
    }

    [Fact]
    public async Task Every_page_of_grants_is_read()
    {
        await using BindingScenario scenario = await BindingScenario.BoundAsync();
        scenario.Cloud.Service.PageSize = 2;
        for (int i = 0; i < 5; i++)
        {
            scenario.Key.Grants.Add(new KeyGrant { Id = $"grant-{i}", Grantee = TestCloud.Appliance, Operations = ["Decrypt"] });
        }

        Assert.StartsWith("5, which", (await CheckAsync(scenario, "grants", ExitCode.Success)).Evidence, StringComparison.Ordinal);
    }
}
